// What the rate limit did to each destination, worked out from the requests and their times.

import type { Metrics } from "../../engine/metrics.ts";
import type { SeenRequest } from "./scripted-segment.ts";

export interface LimiterUse {
  readonly waitedMs: number;
  readonly mostEventsPerSecond: number;
  readonly mostRequestsPerSecond: number;
}

const SECOND_MS = 1_000;

/** By destination id: those that were sent to. */
export function limiterUse(requests: readonly SeenRequest[], metrics: Metrics): Record<string, LimiterUse> {
  const waits = new Map<string | undefined, number>();
  // Several sinks may send to one destination.
  for (const { labels, value } of metrics.samples("sink_rate_limit_wait_seconds_total"))
    waits.set(labels["destination"], (waits.get(labels["destination"]) ?? 0) + Math.round(value * 1_000));
  const names = [...new Set(requests.map(({ destination }) => destination))];
  return Object.fromEntries(
    names.map((name) => {
      const own = requests.filter(({ destination }) => destination === name);
      const use: LimiterUse = {
        waitedMs: waits.get(name) ?? 0,
        mostEventsPerSecond: mostInASecond(own, ({ events }) => events),
        mostRequestsPerSecond: mostInASecond(own, () => 1),
      };
      return [name, use];
    }),
  );
}

/** `requests` are in the order of their times; the second begins with any of them. */
function mostInASecond(requests: readonly SeenRequest[], amount: (one: SeenRequest) => number): number {
  let most = 0;
  let sum = 0;
  let first = 0;
  for (const one of requests) {
    sum += amount(one);
    while (one.atMs - requests[first]!.atMs >= SECOND_MS) sum -= amount(requests[first++]!);
    most = Math.max(most, sum);
  }
  return most;
}
