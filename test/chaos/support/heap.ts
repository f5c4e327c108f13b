// What the gauge inside the program wrote down, and whether it grows.

import { readFile } from "node:fs/promises";

export interface HeapSample {
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
