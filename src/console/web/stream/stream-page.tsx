// The pipelines while they run. Pausing holds the view, never a pipeline.

import { useEffect, useRef, useState } from "preact/hooks";

import type { PipelineSnapshot, RecentEvent, Snapshot } from "../api-types.ts";
import { call } from "../api.ts";
import { token } from "../session.ts";
import { type LiveState, useLiveStream } from "../live-stream.ts";
import { Badge, type Tone } from "../parts/badge.tsx";
import { Select } from "../parts/field.tsx";
import { Empty, Failure, Loading, Note } from "../parts/states.tsx";
import { Charts } from "./charts.tsx";
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
  const [snapshot, setSnapshot] = useState<Snapshot>();
  const [events, setEvents] = useState<readonly RecentEvent[]>([]);
  const [isPaused, setPaused] = useState(false);
  const paused = useRef(false);
  paused.current = isPaused;
  const { state, failure } = useLiveStream("/api/v2/stream", (event, data) => {
    if (paused.current) return;
    // The server sends by the schemas that these types were made from.
    if (event === "snapshot") setSnapshot(data as Snapshot);
    if (event === "recent") {
      const { items } = data as { readonly items: readonly RecentEvent[] };
      setEvents((before) => joined(items, before));
    }
  });
  useEffect(() => {
    const stop = new AbortController();
    // What came before the page did. That it fails, the stream says too.
    call<{ items: readonly RecentEvent[] }>("GET", "/api/v2/events/recent?limit=100", { signal: stop.signal })
      .then(({ items }) => setEvents((since) => joined(since, items)))
      .catch(() => undefined);
    return () => stop.abort();
  }, [token.value]);
  useEffect(() => {
    document.title = "Stream · Sluice";
  }, []);
  return (
    <>
      <div class="page-head">
        <div>
          <h1>Stream</h1>
          <p>What flows now. Rates are those of the last second.</p>
        </div>
        <div class="row">
          <Badge {...(isPaused ? { tone: "info" as const, word: "View paused" } : LIVE[state])} />
          <button type="button" class="button" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
            {isPaused ? "Go on" : "Pause the view"}
          </button>
        </div>
      </div>
      {isPaused && <Note tone="info">Only this view is paused. The pipelines run on.</Note>}
      {state === "lost" && failure && <Failure failure={failure} />}
      {snapshot ? (
        <Pipelines snapshot={snapshot} events={events} isPaused={isPaused} />
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
  readonly isPaused: boolean;
}

function Pipelines({ snapshot: { pipelines }, events, isPaused }: PipelinesProps) {
  const [chosen, choose] = useState("");
  const pipeline = pipelines.find(({ name }) => name === chosen) ?? pipelines[0];
  if (!pipeline)
    return (
      <Empty title="No pipeline runs">
        They appear here as soon as they have started, and while they drain.
      </Empty>
    );
  const options = pipelines.map(({ name }) => ({ value: name, label: name }));
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
      <Numbers pipeline={pipeline} />
      <Flow pipeline={pipeline} />
      <Charts name={pipeline.name} isPaused={isPaused} />
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
