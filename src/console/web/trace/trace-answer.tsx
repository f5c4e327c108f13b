import type { Trace, TraceLetter, TracePath, TraceStep } from "../api-types.ts";
import { bytes, count, duration, time } from "../format.ts";
import { Badge, Shape, type Tone } from "../parts/badge.tsx";
import { Note } from "../parts/states.tsx";

/** What is known, and what is not known any more. */
export function TraceAnswer({ trace }: { readonly trace: Trace }) {
  const { found, note, paths, deadLetters } = trace;
  return (
    <>
      <Note tone={found ? "ok" : "warn"}>{note}</Note>
      {paths.map((path) => (
        <Path key={`${path.pipeline} ${path.id}`} path={path} />
      ))}
      {deadLetters.length > 0 && <Letters letters={deadLetters} />}
      <Searched trace={trace} />
    </>
  );
}

const STATES: Readonly<Record<string, { readonly tone: Tone; readonly word: string }>> = {
  "in-flight": { tone: "info", word: "In flight" },
  settled: { tone: "ok", word: "Settled" },
  "given-back": { tone: "warn", word: "Given back" },
  unknown: { tone: "quiet", word: "Unknown end" },
};

function Path({ path }: { readonly path: TracePath }) {
  const { pipeline, id, eventId, state, steps } = path;
  return (
    <section class="card section" aria-label={`Record ${id}`}>
      <div class="row spread">
        <h2 class="wrap-anywhere">
          <code>{id}</code>
        </h2>
        <Badge {...(STATES[state] ?? { tone: "quiet" as const, word: state })} />
      </div>
      <p class="muted">
        {pipeline}
        {eventId !== undefined && (
          <>
            , event <code class="wrap-anywhere">{eventId}</code>
          </>
        )}
      </p>
      <ol class="steps">
        {steps.map((step, i) => (
          <Step key={i} step={step} />
        ))}
      </ol>
    </section>
  );
}

const TONES: Readonly<Record<string, Tone>> = {
  received: "info",
  dropped: "quiet",
  rejected: "bad",
  delivered: "ok",
  "dead-lettered": "bad",
  "given-back": "warn",
  "in-flight": "info",
};

function Step({ step }: { readonly step: TraceStep }) {
  const tone = TONES[step.what] ?? "quiet";
  return (
    <li data-tone={tone}>
      <span class="step-mark">
        <Shape tone={tone} />
      </span>
      <span class="step-time nowrap">{time(step.at)}</span>
      <div>
        <span class="strong">{step.what}</span> <span class="muted wrap-anywhere">{saysOf(step)}</span>
        {step.message !== undefined && <p class="wrap-anywhere">{step.message}</p>}
        {step.messageId !== undefined && (
          <p>
            <code class="wrap-anywhere muted">{step.messageId}</code>
          </p>
        )}
      </div>
    </li>
  );
}

function saysOf(step: TraceStep): string {
  const parts = [
    step.stage === undefined ? undefined : `in ${step.stage}`,
    step.reason,
    step.code,
    step.destination === undefined ? undefined : `to ${step.destination}`,
    step.attempt === undefined ? undefined : `attempt ${step.attempt}`,
    step.status === undefined ? undefined : `status ${step.status}`,
    step.tookMs === undefined ? undefined : `took ${duration(step.tookMs)}`,
    step.requestId === undefined ? undefined : `request ${step.requestId}`,
    ...(step.lanes ?? []).map(({ name, state }) => `waits in ${name} (${state})`),
  ];
  return parts.filter((part) => part !== undefined).join(", ");
}

function Letters({ letters }: { readonly letters: readonly TraceLetter[] }) {
  return (
    <section class="card section" aria-label="Dead letters">
      <h2>Dead letters about it</h2>
      <ul class="plain-list">
        {letters.map(({ place, code, stage, message, failedAt, state, destination }) => (
          <li key={place} class="result">
            <span class="row spread">
              <span>
                <code>{code}</code> in <code>{stage}</code>
                {destination !== undefined && `, missed by ${destination}`}
              </span>
              <Badge tone={state === "open" ? "warn" : "ok"} word={state === "open" ? "Waiting" : state} />
            </span>
            <span class="wrap-anywhere">{message}</span>
            <span class="muted small wrap-anywhere">
              {time(failedAt)}, {place}
            </span>
          </li>
        ))}
      </ul>
      <a href="/dead-letters">All dead letters</a>
    </section>
  );
}

function Searched({ trace: { index, deadLettersSearched } }: { readonly trace: Trace }) {
  const letters: Readonly<Record<string, string>> = {
    all: "All dead letters were searched.",
    newest: "Only the newest 64 MB of dead letters were searched.",
    none: "The dead letters are not kept in files here, so they were not searched.",
  };
  return (
    <p class="muted small">
      {index.enabled
        ? `The index holds ${count(index.events)} things that happened since ${time(index.since ?? index.startedAt)} (${bytes(index.bytes)} of ${bytes(index.maxBytes)}). ${index.agedOut ? "What is older has aged out." : "Nothing has aged out yet."} `
        : "This process keeps no index. "}
      {letters[deadLettersSearched] ?? ""}
    </p>
  );
}
