// What came when, at a local Segment in a process of its own: asked for again and again, as it remembers the last
// thousand requests only. All times are by its clock.

import { setTimeout as sleep } from "node:timers/promises";

import type { Arrived, SegmentServer } from "../chaos/support/servers.ts";

const LOOK_MS = 500;
/** More requests of one look than this, and some may have been missed. */
const MOST_A_LOOK = 1_000;

export class Arrivals {
  private readonly all: Arrived[] = [];
  private readonly stop = new AbortController();
  private readonly looking: Promise<void>;

  constructor(private readonly segment: SegmentServer) {
    this.looking = this.look();
  }

  /** All that came until now is known. */
  async nowMs(): Promise<number> {
    await this.collect();
    const last = this.all.at(-1);
    if (!last) throw new Error("nothing came yet");
    return last.atMs + Date.now() - Date.parse(last.at);
  }

  /** Events of each full second of the time given. */
  seconds(fromMs: number, toMs: number): number[] {
    const seconds = Array.from({ length: Math.floor((toMs - fromMs) / 1_000) }, () => 0);
    for (const { atMs, events } of this.all) {
      const at = Math.floor((atMs - fromMs) / 1_000);
      if (at in seconds) seconds[at]! += events;
    }
    return seconds;
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.looking;
  }

  private async look(): Promise<void> {
    while (!this.stop.signal.aborted) {
      await this.collect();
      await sleep(LOOK_MS, undefined, { signal: this.stop.signal }).catch(() => {});
    }
  }

  private async collect(): Promise<void> {
    const newestFirst = await this.segment.requests();
    const lastMs = this.all.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
    const fresh = newestFirst.filter(({ atMs }) => atMs > lastMs);
    if (fresh.length === MOST_A_LOOK && this.all.length > 0) throw new Error("requests were missed");
    this.all.push(...fresh.reverse());
  }
}

/** Most events in any window of that length, of arrivals in any order. */
export function mostIn(arrivals: readonly Pick<Arrived, "atMs" | "events">[], windowMs: number): number {
  const inOrder = arrivals.toSorted((a, b) => a.atMs - b.atMs);
  let [most, sum, first] = [0, 0, 0];
  for (const { atMs, events } of inOrder) {
    sum += events;
    for (; inOrder[first]!.atMs <= atMs - windowMs; first++) sum -= inOrder[first]!.events;
    most = Math.max(most, sum);
  }
  return most;
}
