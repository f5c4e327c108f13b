// Which definition runs, and what became of the last change of its files.

import type { PipelineSnapshot } from "../api-types.ts";
import { plural, time } from "../format.ts";
import { Note } from "../parts/states.tsx";

const SHOWN_AT_ONCE = 5;
const REFUSED: Readonly<Record<string, string>> = {
  invalid: "The changed definition is invalid.",
  failed: "The changed definition could not be started.",
};

export function wasRefused({ lastReload }: PipelineSnapshot): boolean {
  return lastReload !== undefined && lastReload.outcome !== "applied";
}

export function DefinitionFacts({ pipeline }: { readonly pipeline: PipelineSnapshot }) {
  const { file, version, startedAt, lastReload, testEvents } = pipeline;
  return (
    <>
      {lastReload && wasRefused(pipeline) && <Refusal reload={lastReload} />}
      <p class="muted small wrap-anywhere">
        {file}, version <code>{version}</code>
        {lastReload?.outcome === "applied" ? ", reloaded at " : ", in use since "}
        {time(lastReload?.outcome === "applied" ? lastReload.at : startedAt)}.{" "}
        {testEvents === 0
          ? "No test event of LaunchDarkly has come by."
          : `${plural(testEvents, "test event")} of LaunchDarkly came by.`}
      </p>
    </>
  );
}

type Reload = NonNullable<PipelineSnapshot["lastReload"]>;

function Refusal({ reload: { at, outcome, problems } }: { readonly reload: Reload }) {
  const rest = problems.slice(SHOWN_AT_ONCE);
  return (
    <Note tone="bad">
      <p>
        <span class="strong">{REFUSED[outcome] ?? outcome}</span> The one before it runs on. Reload of{" "}
        {time(at)}.
      </p>
      <Problems of={problems.slice(0, SHOWN_AT_ONCE)} />
      {rest.length > 0 && (
        <details>
          <summary>{plural(rest.length, "more problem")}</summary>
          <Problems of={rest} />
        </details>
      )}
    </Note>
  );
}

function Problems({ of }: { readonly of: readonly string[] }) {
  return (
    <ul class="plain-list small">
      {of.map((problem) => (
        <li key={problem}>
          <code>{problem}</code>
        </li>
      ))}
    </ul>
  );
}
