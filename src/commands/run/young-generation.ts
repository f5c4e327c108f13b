// Keeps V8's young generation small while the process has little to do.
//
//   small --(busy for three looks in a row)--> free to grow
//     ^----(no longer)------------------------'   what it has grown by then, V8 gives back by itself when little is made
//
// V8 doubles the young generation, up to 2 x 16 MiB, whenever much survived its collections. Starting up alone makes it
// grow: what then dies in it is seen seldom, and so are the buffers outside the heap that die with it. Kept small, the
// process takes 50 MiB less at 1,000 events/s (test/bench/NOTES.md). With much to do a large one costs less time, so it may
// grow then. A hint to V8, no more: where a version does not take it, the process is as large as before.

import { performance } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";

import { type Clock, systemClock } from "../../engine/clock.ts";

const LOOK_MS = 1_000;
/** Of the time between two looks, spent at work. */
const BUSY_PART = 0.5;
const BUSY_LOOKS = 3;
/** What V8 does by itself, and what keeps the size as it is. */
const GROW_TWOFOLD = 2;
const STAY = 1;

export interface Process {
  readonly clock: Clock;
  /** The part of the time since the last call that the event loop was at work, 0 to 1. */
  busyPart(): number;
  /** By how much the young generation is multiplied when it grows. */
  setGrowth(factor: number): void;
}

/** Of this process. Yields what ends it. */
export function keepOwnYoungGenerationSmall(): () => void {
  return keepYoungGenerationSmall({
    clock: systemClock,
    busyPart: loopBusyPart(),
    // Read by V8 at each collection, so it may change while the process runs.
    setGrowth: (factor) => setFlagsFromString(`--semi-space-growth-factor=${factor}`),
  });
}

/** Yields what ends it; V8 is then free to grow. */
export function keepYoungGenerationSmall({ clock, busyPart, setGrowth }: Process): () => void {
  let busyLooks = 0;
  setGrowth(STAY);
  const look = () => {
    busyLooks = busyPart() > BUSY_PART ? busyLooks + 1 : 0;
    // Each time: a thread that starts sets it back.
    setGrowth(busyLooks >= BUSY_LOOKS ? GROW_TWOFOLD : STAY);
    cancel = clock.after(LOOK_MS, look);
  };
  let cancel = clock.after(LOOK_MS, look);
  return () => {
    cancel();
    setGrowth(GROW_TWOFOLD);
  };
}

function loopBusyPart(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
}
