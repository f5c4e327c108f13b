// The pipelines while they run. Pausing holds the view, never a pipeline.

import { useEffect, useState } from "preact/hooks";

import type { PipelineSnapshot, RecentEvent, Snapshot } from "../api-types.ts";
import { call } from "../api.ts";
import { token } from "../session.ts";
import {
  isPaused,
  liveFailure,
  type LiveState,
  liveState,
  snapshot,
  useRecentEvents,
} from "../live-stream.ts";
import { Badge, type Tone } from "../parts/badge.tsx";
import { Select } from "../parts/field.tsx";
import { Empty, Failure, Loading, Note } from "../parts/states.tsx";
import { Charts } from "./charts.tsx";
import { DefinitionFacts, wasRefused } from "./definition-facts.tsx";
import { EventsSection } from "./events-section.tsx";
import { Flow } from "./flow.tsx";
import { Numbers } from "./numbers.tsx";

const KEPT_EVENTS = 300;
const LIVE: Readonly<Record<LiveState, { readonly tone: Tone; readonly word: string }>> = {
  connecting: { tone: "quiet", word: "Connecting" },
  live: { tone: "ok", word: "Live" },
  lost: { tone: "warn", word: "Connection lost" },
};

export function StreamPage() {
  const [events, setEvents] = useState<readonly RecentEvent[]>([]);
  const paused = isPaused.value;
  const state = liveState.value;
  const failure = liveFailure.value;
  useRecentEvents((items) => setEvents((before) => joined(items, before)));
  useEffect(() => {
    if (paused) return undefined;
    const stop = new AbortController();
    // What came before the page did, or while it was paused. That it fails, the stream says too.
    call<{ items: readonly RecentEvent[] }>("GET", "/api/v2/events/recent?limit=100", { signal: stop.signal })
      .then(({ items }) => setEvents((since) => joined(since, items)))
      .catch(() => undefined);
    return () => stop.abort();
  }, [token.value, paused]);
  useEffect(() => {
    document.title = "Stream · Sluice";
    // The other pages have no such button.
    return () => {
      isPaused.value = false;
    };
  }, []);
  return (
    <>
      <div class="page-head">
        <div>
          <h1>Stream</h1>
          <p>What flows now. Rates are those of the last second.</p>
        </div>
        <div class="row">
          <Badge {...(paused ? { tone: "info" as const, word: "View paused" } : LIVE[state])} />
          <button
            type="button"
            class="button"
            aria-pressed={paused}
            onClick={() => {
              isPaused.value = !paused;
            }}
          >
            {paused ? "Go on" : "Pause the view"}
          </button>
        </div>
      </div>
      {paused && <Note tone="info">Only this view is paused. The pipelines run on.</Note>}
      {state === "lost" && failure && <Failure failure={failure} />}
      {snapshot.value ? (
        <Pipelines snapshot={snapshot.value} events={events} />
      ) : (
        <Loading what="the stream" />
      )}
    </>
  );
}

/** Newest first, each once: a stream that was lost may begin with what is known. */
function joined(newer: readonly RecentEvent[], older: readonly RecentEvent[]): readonly RecentEvent[] {
  const known = new Set(newer.map(({ seq }) => seq));
  return [...newer, ...older.filter(({ seq }) => !known.has(seq))].slice(0, KEPT_EVENTS);
}

interface PipelinesProps {
  readonly snapshot: Snapshot;
  readonly events: readonly RecentEvent[];
}

function Pipelines({ snapshot: { pipelines }, events }: PipelinesProps) {
  const [chosen, choose] = useState("");
  const pipeline = pipelines.find(({ name }) => name === chosen) ?? pipelines[0];
  if (!pipeline)
    return (
      <Empty title="No pipeline runs">
        They appear here as soon as they have started, and while they drain.
      </Empty>
    );
  const options = pipelines.map((one) => ({
    value: one.name,
    label: wasRefused(one) ? `${one.name} (change refused)` : one.name,
  }));
  return (
    <>
      <div class="row spread">
        {options.length > 1 ? (
          <Select label="Pipeline" value={pipeline.name} options={options} change={choose} />
        ) : (
          <h2 class="wrap-anywhere">{pipeline.name}</h2>
        )}
        <RunState pipeline={pipeline} />
      </div>
      <DefinitionFacts pipeline={pipeline} />
      <Numbers pipeline={pipeline} />
      <Flow pipeline={pipeline} />
      <Charts name={pipeline.name} />
      <EventsSection key={pipeline.name} events={events.filter((one) => one.pipeline === pipeline.name)} />
    </>
  );
}

function RunState({ pipeline: { state, definitions } }: { readonly pipeline: PipelineSnapshot }) {
  const tones: Readonly<Record<string, Tone>> = {
    running: "ok",
    draining: "warn",
    stopped: "quiet",
    failed: "bad",
  };
  const word = state.charAt(0).toUpperCase() + state.slice(1);
  return (
    <span class="row">
      {definitions > 1 && <span class="chip">the definition before it drains</span>}
      <Badge tone={tones[state] ?? "quiet"} word={word} />
    </span>
  );
}
