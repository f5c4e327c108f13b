// What the gauge inside the program wrote down, and whether it grows.

import { readFile } from "node:fs/promises";

export interface HeapSample {
  /** By the wall clock, so that samples of two processes can be compared. */
  readonly atMs: number;
  /** After a collection, in bytes. */
  readonly heapUsed: number;
  readonly rss: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Handles, timers and requests that keep the process going. */
  readonly open: number;
  readonly cpuMs: number;
}

export async function readSamples(path: string): Promise<HeapSample[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  const lines = text.split("\n").filter((line) => line.endsWith("}"));
  return lines.map((line) => JSON.parse(line) as HeapSample);
}

/** Theil-Sen: the median of the slopes between all pairs, per minute. A few odd samples do not bend it. */
export function slopePerMinute(
  samples: readonly HeapSample[],
  value: (sample: HeapSample) => number,
): number {
  const slopes: number[] = [];
  samples.forEach((a, i) => {
    for (const b of samples.slice(i + 1)) slopes.push((value(b) - value(a)) / ((b.atMs - a.atMs) / 60_000));
  });
  return median(slopes);
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** From the median of the first fifth to that of the last: one odd sample is no growth. */
export function growthOf(numbers: readonly number[]): number {
  const fifth = Math.max(1, Math.floor(numbers.length / 5));
  return median(numbers.slice(-fifth)) - median(numbers.slice(0, fifth));
}

/** Medians over all samples: the p99 of the event loop's delay, that of a process beside it, and the difference. */
export function latenessOf(
  samples: readonly HeapSample[],
  beside: readonly HeapSample[],
): { readonly p99Ms: number; readonly besideMs: number; readonly ownMs: number } {
  const pairs = samples.map((sample) => ({ p99Ms: sample.p99Ms, besideMs: nearest(beside, sample).p99Ms }));
  return {
    p99Ms: median(pairs.map(({ p99Ms }) => p99Ms)),
    besideMs: median(pairs.map(({ besideMs }) => besideMs)),
    ownMs: median(pairs.map(({ p99Ms, besideMs }) => p99Ms - besideMs)),
  };
}

/** Throws when there is none to compare with. */
function nearest(samples: readonly HeapSample[], { atMs }: HeapSample): HeapSample {
  return samples.reduce((best, one) => (Math.abs(one.atMs - atMs) < Math.abs(best.atMs - atMs) ? one : best));
}
