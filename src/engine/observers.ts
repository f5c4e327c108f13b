import type { RunObserver } from "./run.ts";

/** Several watchers of one run. */
export function allOf(...observers: readonly RunObserver[]): RunObserver {
  return {
    delivered: (lane, items) => {
      for (const one of observers) one.delivered?.(lane, items);
    },
    dropped: (origin, stage, drop, value) => {
      for (const one of observers) one.dropped?.(origin, stage, drop, value);
    },
    deadLettered: (letter) => {
      for (const one of observers) one.deadLettered?.(letter);
    },
  };
}
