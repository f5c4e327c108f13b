import type { RunObserver } from "./run.ts";

/** Several watchers of one run. */
export function allOf(...observers: readonly RunObserver[]): RunObserver {
  return {
    delivered: (lane, items, sink) => {
      for (const one of observers) one.delivered?.(lane, items, sink);
    },
    dropped: (origin, stage, drop, value) => {
      for (const one of observers) one.dropped?.(origin, stage, drop, value);
    },
    deadLettered: (letter) => {
      for (const one of observers) one.deadLettered?.(letter);
    },
  };
}
