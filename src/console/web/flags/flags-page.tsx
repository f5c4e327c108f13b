// Which flags of an environment are exported, and what was seen of them.

import { useEffect, useState } from "preact/hooks";

import { versionOf } from "../live-stream.ts";
import { Field, Select } from "../parts/field.tsx";
import { Empty, Shown } from "../parts/states.tsx";
import { useLoad } from "../use-load.ts";
import { EnvironmentSwitches } from "./environment-switches.tsx";
import { type KnownPlaces, loadPlaces, nameOf, type Place } from "./flag-api.ts";
import { FlagsTable } from "./flags-table.tsx";
import { SnapshotAge } from "./snapshot-age.tsx";

const ANOTHER = "another";
const KEY = /^[A-Za-z0-9._-]{1,256}$/;

export function FlagsPage() {
  const loaded = useLoad("places", loadPlaces, versionOf("flags"));
  useEffect(() => {
    document.title = "Flags · Sluice";
  }, []);
  return (
    <>
      <div class="page-head">
        <div>
          <h1>Flags</h1>
          <p>
            Evaluations of a flag are exported where it is switched on, or where its whole environment is.
          </p>
        </div>
      </div>
      <Shown of={loaded} what="environments">
        {(known) => <Environments known={known} reload={loaded.reload} />}
      </Shown>
    </>
  );
}

function Environments({ known, reload }: { readonly known: KnownPlaces; readonly reload: () => void }) {
  const { places, enablement } = known;
  const [chosen, choose] = useState("");
  const [typed, type] = useState("");
  const [search, setSearch] = useState("");
  const isAnother = chosen === ANOTHER || places.length === 0;
  const place = isAnother ? typedPlace(typed) : (places.find((one) => nameOf(one) === chosen) ?? places[0]);
  const error = typed === "" || KEY.test(typed) ? undefined : "An id has letters, digits, . _ and - only.";
  const options = places.map((one) => ({ value: nameOf(one), label: nameOf(one) }));
  return (
    <>
      {enablement.launchdarkly.map((one) => (
        <SnapshotAge key={one.pipeline} {...one} />
      ))}
      <div class="filters">
        <Select
          label="Environment"
          value={isAnother ? ANOTHER : nameOf(place ?? { project: "*", environment: "" })}
          options={[...options, { value: ANOTHER, label: "Another environment…" }]}
          change={choose}
        />
        {isAnother && (
          <Field
            label="Environment id"
            mono
            value={typed}
            error={error}
            placeholder="5d4b12345d2a2806bd2cc6eb"
            change={type}
          />
        )}
        <Field
          label="Search"
          wide
          type="search"
          placeholder="Part of a flag key"
          value={search}
          change={setSearch}
        />
      </div>
      {place === undefined ? (
        <Empty title="Which environment?">
          No environment is known yet: none is declared, and no event came. Give the client-side id of one
          above.
        </Empty>
      ) : (
        <>
          <EnvironmentSwitches place={place} items={enablement.items} reload={reload} />
          <FlagsTable place={place} items={enablement.items} search={search.trim()} />
        </>
      )}
    </>
  );
}

function typedPlace(environment: string): Place | undefined {
  return KEY.test(environment) ? { project: "*", environment } : undefined;
}
