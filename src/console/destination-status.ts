// What the running pipelines know about one destination, added up.

import Type, { type Static } from "typebox";

import type { LaneState } from "../engine/lane-health.ts";
import type { Metrics } from "../engine/metrics.ts";
import type { ConsolePipeline } from "./console-world.ts";

const laneRep = Type.Object({
  pipeline: Type.String(),
  state: Type.String({ description: "open, throttled, broken (circuit) or parked." }),
  waiting: Type.Integer({ description: "Events that wait to be sent." }),
});

export const statusRep = Type.Object({
  state: Type.String({ description: "The worst state of its lanes; idle: nothing was sent to it yet." }),
  lanes: Type.Array(laneRep),
  waiting: Type.Integer(),
  delivered: Type.Integer({ description: "Events accepted with 2xx since the pipelines started." }),
  deliveredBytes: Type.Integer(),
  retried: Type.Record(Type.String(), Type.Integer(), { description: "Events sent again, by fault code." }),
  writes: Type.Record(Type.String(), Type.Integer(), { description: "Requests by outcome." }),
  rateLimitWaitSeconds: Type.Number(),
});

export const statusListRep = Type.Object({
  items: Type.Array(Type.Object({ id: Type.String(), ...statusRep.properties })),
});

export type DestinationStatus = Static<typeof statusRep>;

const WORST_LAST: readonly LaneState[] = ["open", "throttled", "broken", "parked"];

export function destinationStatus(id: string, pipelines: readonly ConsolePipeline[]): DestinationStatus {
  const lanes = pipelines.flatMap(({ name, run }) =>
    run.lanes().flatMap((lane) => (lane.name === id ? [{ pipeline: name, ...lane }] : [])),
  );
  const worst = Math.max(-1, ...lanes.map(({ state }) => WORST_LAST.indexOf(state)));
  const all = pipelines.map(({ metrics }) => metrics);
  return {
    state: WORST_LAST[worst] ?? "idle",
    lanes: lanes.map(({ pipeline, state, waiting }) => ({ pipeline, state, waiting })),
    waiting: lanes.reduce((sum, { waiting }) => sum + waiting, 0),
    delivered: sum(all, "sink_events_delivered_total", id),
    deliveredBytes: sum(all, "sink_bytes_delivered_total", id),
    retried: by(all, "sink_retries_total", "code", id),
    writes: by(all, "sink_writes_total", "outcome", id),
    rateLimitWaitSeconds: sum(all, "sink_rate_limit_wait_seconds_total", id),
  };
}

function samplesOf(all: readonly Metrics[], name: string, destination: string) {
  return all.flatMap((metrics) =>
    metrics.samples(name).filter(({ labels }) => labels["destination"] === destination),
  );
}

function sum(all: readonly Metrics[], name: string, destination: string): number {
  return samplesOf(all, name, destination).reduce((total, { value }) => total + value, 0);
}

function by(
  all: readonly Metrics[],
  name: string,
  label: string,
  destination: string,
): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { labels, value } of samplesOf(all, name, destination)) {
    const key = labels[label] ?? "";
    counts.set(key, (counts.get(key) ?? 0) + value);
  }
  return Object.fromEntries(counts);
}
