// A snapshot in words: a line a pipeline, for a terminal that is none.

import type { LaneSnapshot, PipelineSnapshot, Snapshot } from "../../live/shapes/snapshot.ts";
import { number } from "../summary.ts";

export function snapshotLines({ at, pipelines }: Snapshot): string[] {
  if (pipelines.length === 0) return [`${at} no pipeline runs yet`];
  return pipelines.map((pipeline) => `${at} ${pipelineLine(pipeline)}`);
}

function pipelineLine(one: PipelineSnapshot): string {
  const { name, state, valuesPerSecond, delivered, deliveredPerSecond, inFlight } = one;
  const dropped = one.dropped.map(({ reason, count }) => `${reason}=${count}`).join(" ");
  const dead = one.deadLetters.map(({ code, count }) => `${code}=${count}`).join(" ");
  return [
    `${name} ${state}`,
    `in ${number(valuesPerSecond)}/s`,
    `delivered ${delivered} (${number(deliveredPerSecond)}/s)`,
    `dropped [${dropped}]`,
    `dead-lettered [${dead}]`,
    `in flight ${inFlight.records}`,
    `lag ${duration(one.lagMs)}`,
    ...one.lanes.map((lane) => `${lane.title} ${lane.state} ${percent(lane)}`),
  ].join(" · ");
}

export function percent({ limiterUse }: LaneSnapshot): string {
  return `${Math.round(limiterUse * 100)} %`;
}

/** `?`: not known. */
export function duration(ms: number | null): string {
  if (ms === null) return "?";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}

export function bytes(n: number): string {
  if (n < 10_240) return `${n} B`;
  return n < 10 * 1024 ** 2 ? `${Math.round(n / 1024)} KiB` : `${Math.round(n / 1024 ** 2)} MiB`;
}
