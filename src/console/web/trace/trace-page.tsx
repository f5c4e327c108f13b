// Where one event went and when. The id stands in the address, so that a trace can be linked to.

import { useLocation } from "preact-iso";
import { useEffect, useState } from "preact/hooks";

import { call, pathOf } from "../api.ts";
import type { Trace } from "../api-types.ts";
import { Field } from "../parts/field.tsx";
import { Empty, Shown } from "../parts/states.tsx";
import { ticks } from "../live-stream.ts";
import { useLoad } from "../use-load.ts";
import { TraceAnswer } from "./trace-answer.tsx";

const EVERY_MS = 3_000;
const LONGEST = 300;

export function TracePage() {
  const { query, route } = useLocation();
  const asked = query["id"] ?? "";
  const [text, setText] = useState(asked);
  const [error, setError] = useState<string>();
  useEffect(() => {
    document.title = "Trace · Sluice";
  }, []);
  const submit = (event: Event) => {
    event.preventDefault();
    const id = text.trim();
    if (id === "") setError("Give an id.");
    else if (id.length > LONGEST) setError(`An id has at most ${LONGEST} characters.`);
    else route(`/trace?id=${encodeURIComponent(id)}`);
  };
  return (
    <>
      <div class="page-head">
        <div>
          <h1>Trace</h1>
          <p>
            Where one event went and when. Give its id at LaunchDarkly, its messageId at Segment (ld-…), or
            the Pub/Sub message id.
          </p>
        </div>
      </div>
      <form class="filters" noValidate onSubmit={submit}>
        <Field
          label="Id"
          wide
          mono
          value={text}
          error={error}
          change={(value) => {
            setText(value);
            setError(undefined);
          }}
        />
        <button type="submit" class="button" data-kind="primary">
          Trace
        </button>
      </form>
      {asked === "" ? (
        <Empty title="Which event?">
          Give an id above, or open an event on the Stream page and follow “Trace it”.
        </Empty>
      ) : (
        <Answer key={asked} id={asked} />
      )}
    </>
  );
}

function Answer({ id }: { readonly id: string }) {
  const loaded = useLoad(
    `trace ${id}`,
    (signal) => call<Trace>("GET", `/api/v2/trace${pathOf(id)}`, { signal }),
    ticks(EVERY_MS),
  );
  return (
    <Shown of={loaded} what="the trace">
      {(trace) => <TraceAnswer trace={trace} />}
    </Shown>
  );
}
