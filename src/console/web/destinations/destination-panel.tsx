// One destination: how it does, a test, its settings, and the way to delete it.

import { useState } from "preact/hooks";

import { compact, count } from "../format.ts";
import { say } from "../parts/announce.tsx";
import { Badge } from "../parts/badge.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Empty, Note } from "../parts/states.tsx";
import { DeleteQuestion } from "./delete-question.tsx";
import { change, type DestinationRow } from "./destination-api.ts";
import { DestinationFields } from "./destination-fields.tsx";
import { valuesOf } from "./destination-form.ts";
import { retriesText, stateOf } from "./destination-state.ts";
import { OnOff } from "./destinations-table.tsx";
import { TestSection } from "./test-section.tsx";
import { useDestinationForm } from "./use-destination-form.ts";

export interface DestinationPanelProps {
  readonly id: string;
  /** Undefined: there is none with that id. */
  readonly row: DestinationRow | undefined;
  readonly close: () => void;
  readonly reload: () => void;
}

export function DestinationPanel({ row, close, reload }: DestinationPanelProps) {
  const [isDeleting, setDeleting] = useState(false);
  if (!row)
    return (
      <Dialog title="Destination" place="side" close={close}>
        <Empty title="It is not there">It was deleted, or the address is wrong.</Empty>
      </Dialog>
    );
  const { destination } = row;
  return (
    <Dialog title={destination.name} place="side" close={close}>
      <Facts row={row} reload={reload} />
      <TestSection destination={destination} />
      <section class="section" aria-label="Settings">
        <h2>Settings</h2>
        {destination._declared ? (
          <Declared row={row} />
        ) : (
          <EditForm key={destination.version} row={row} reload={reload} />
        )}
      </section>
      {!destination._declared && (
        <section class="section" aria-label="Delete">
          <div class="row spread">
            <span class="muted">
              Deleting cannot be undone. Events that are held for it become dead letters.
            </span>
            <button type="button" class="button" data-kind="danger" onClick={() => setDeleting(true)}>
              Delete…
            </button>
          </div>
        </section>
      )}
      {isDeleting && (
        <DeleteQuestion
          destination={destination}
          close={() => setDeleting(false)}
          done={() => {
            say(`${destination.name} was deleted.`);
            close();
            reload();
          }}
        />
      )}
    </Dialog>
  );
}

function Facts({ row, reload }: { readonly row: DestinationRow; readonly reload: () => void }) {
  const { destination, status } = row;
  const { tone, word, meaning } = stateOf(row);
  const retries = retriesText(status?.retried ?? {});
  return (
    <section class="section" aria-label="Status">
      <div class="row spread">
        <Badge tone={tone} word={word} />
        <OnOff destination={destination} reload={reload} />
      </div>
      <p class="muted">{meaning}</p>
      <dl class="facts">
        <dt>Delivered</dt>
        <dd>
          {compact(status?.delivered ?? 0)} events, {count(status?.waiting ?? 0)} waiting
        </dd>
        <dt>Sent again</dt>
        <dd>{retries === "" ? "none" : retries}</dd>
        <dt>Waited for the limit</dt>
        <dd>{(status?.rateLimitWaitSeconds ?? 0).toFixed(1)} s</dd>
        <dt>Pipelines</dt>
        <dd>
          {destination._pipelines.length === 0 ? "none sends to it now" : destination._pipelines.join(", ")}
        </dd>
        <dt>Environment</dt>
        <dd class="mono">{destination._environment}</dd>
        <dt>Id</dt>
        <dd class="mono">{destination._id}</dd>
      </dl>
    </section>
  );
}

function Declared({ row: { destination } }: { readonly row: DestinationRow }) {
  const { config } = destination;
  return (
    <>
      <Note tone="info">
        It is declared in the pipeline's destinations file, so it is changed there and not here. It can be
        tested.
      </Note>
      <dl class="facts">
        {Object.entries(config).map(([key, value]) => (
          <>
            <dt key={key}>{key}</dt>
            <dd class="mono">{String(value)}</dd>
          </>
        ))}
      </dl>
    </>
  );
}

function EditForm({ row, reload }: { readonly row: DestinationRow; readonly reload: () => void }) {
  // As it was when the form was opened: a save that others were faster than is refused, not merged.
  const [destination] = useState(row.destination);
  const { values, errors, failure, busy, set, submit } = useDestinationForm({
    initial: valuesOf(destination),
    isNew: false,
    send: ({ on: _, ...body }: { on?: boolean }) => change(destination, body),
    done: ({ name }) => {
      say(`${name} was saved. Running pipelines use it within two seconds.`);
      reload();
    },
  });
  return (
    <form class="stack" noValidate onSubmit={submit}>
      <DestinationFields
        values={values}
        errors={errors}
        set={set}
        keptKey={String(destination.config["writeKey"] ?? "")}
      />
      {failure !== undefined && <Note tone="bad">{failure}</Note>}
      <div class="dialog-foot">
        <button type="submit" class="button" data-kind="primary" disabled={busy}>
          {busy ? "Saving…" : "Save"}
        </button>
      </div>
    </form>
  );
}
