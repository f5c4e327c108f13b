// The lanes of a pipeline, those of one name added up: during a reload the old definition drains through its own.

import type { Destinations, Rates as Limits } from "../engine/contracts.ts";
import type { LaneState } from "../engine/lane-health.ts";
import type { RunLane } from "../engine/plan.ts";
import type { Sample } from "../engine/metrics.ts";
import type { Run } from "../engine/run.ts";
import type { Counts } from "./counts.ts";
import type { Rates } from "./rates.ts";
import type { LaneSnapshot } from "./shapes/snapshot.ts";

const WORST_LAST: readonly LaneState[] = ["open", "throttled", "broken", "parked"];

export interface LaneSources {
  readonly counts: Counts;
  readonly rates: Rates;
  readonly destinations: Destinations;
}

/** `runs`: oldest definition first. */
export function laneSnapshots(runs: readonly Run[], sources: LaneSources): LaneSnapshot[] {
  const byName = new Map<string, RunLane[]>();
  for (const lane of runs.flatMap((run) => run.lanes())) {
    const key = JSON.stringify([lane.sink, lane.name]);
    byName.set(key, [...(byName.get(key) ?? []), lane]);
  }
  return [...byName.values()].map((lanes) => laneSnapshot(lanes, sources));
}

function laneSnapshot(lanes: readonly RunLane[], sources: LaneSources): LaneSnapshot {
  const { counts, rates, destinations } = sources;
  const newest = lanes[lanes.length - 1]!;
  const { name, sink } = newest;
  const key = `${sink} ${name}`;
  const sum = (of: (lane: RunLane) => number) => lanes.reduce((all, lane) => all + of(lane), 0);
  const its = ({ labels }: Sample) => labels["destination"] === name && labels["sink"] === sink;
  const counted = (metric: Parameters<Counts["samples"]>[0]) =>
    counts
      .samples(metric)
      .filter(its)
      .reduce((all, { value }) => all + value, 0);
  const delivered = counted("sink_events_delivered_total");
  const waited = counted("sink_rate_limit_wait_seconds_total");
  const retries = counts.samples("sink_retries_total").filter(its);
  const used = each((unit) => (newest.rates[unit] === Infinity ? null : sum((lane) => lane.used[unit])));
  const limit = each((unit) => (newest.rates[unit] === Infinity ? null : newest.rates[unit]));
  const shares = UNITS.map((unit) => (limit[unit] ? (used[unit] ?? 0) / limit[unit] : 0));
  return {
    name,
    sink,
    title: destinations.get(name)?.name ?? name,
    state: WORST_LAST[Math.max(...lanes.map(({ state }) => WORST_LAST.indexOf(state)))] ?? "open",
    waiting: sum(({ waiting }) => waiting),
    writes: sum(({ writing }) => writing),
    writesAllowed: newest.writesAllowed,
    delivered,
    perSecond: rates.of(`lane ${key}`, delivered),
    bytesPerSecond: rates.of(`lane bytes ${key}`, counted("sink_bytes_delivered_total")),
    retried: retries.reduce((all, { value }) => all + value, 0),
    retriedByCode: Object.fromEntries(retries.map(({ labels, value }) => [labels["code"] ?? "", value])),
    limit,
    used,
    limiterUse: Math.min(1, Math.max(...shares)),
    limiterWaitSeconds: waited,
    limiterWaitShare: Math.min(1, rates.of(`lane wait ${key}`, waited)),
  };
}

const UNITS = ["events", "requests", "bytes"] as const;

function each(of: (unit: keyof Limits) => number | null): Record<keyof Limits, number | null> {
  return { events: of("events"), requests: of("requests"), bytes: of("bytes") };
}
