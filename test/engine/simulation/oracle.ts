// What must be true, kept apart from what the engine does: the fate of every value, and the laws of settling.

import type { Settlement } from "../../../src/engine/contracts.ts";

export type Fate = "delivered" | "dropped" | "dead-lettered";

interface Tracked {
  readonly bytes: number;
  /** Names of the values this record must become, one per lane it goes to. */
  readonly values: readonly string[];
  admitted: boolean;
  settled: Settlement | undefined;
}

export class Oracle {
  readonly violations: string[] = [];
  private readonly records = new Map<string, Tracked>();
  private readonly fates = new Map<string, Set<Fate>>();
  private inFlight = 0;
  private bytesInFlight = 0;

  constructor(private readonly limits: { readonly records: number; readonly bytes: number }) {}

  offered(id: string, bytes: number, values: readonly string[]): void {
    this.records.set(id, { bytes, values, admitted: false, settled: undefined });
  }

  /** The engine took the record in; its settlement may have come already. */
  admitted(id: string): void {
    const record = this.records.get(id)!;
    record.admitted = true;
    if (record.settled) return;
    this.inFlight += 1;
    this.bytesInFlight += record.bytes;
    if (this.inFlight > this.limits.records) this.broken(`${this.inFlight} records in flight`);
    if (this.bytesInFlight > this.limits.bytes && this.inFlight > 1)
      this.broken(`${this.bytesInFlight} bytes in flight`);
  }

  fate(value: string, fate: Fate): void {
    const known = this.fates.get(value);
    if (known) known.add(fate);
    else this.fates.set(value, new Set([fate]));
  }

  settled(id: string, how: Settlement): void {
    const record = this.records.get(id)!;
    if (record.settled) this.broken(`${id} settled ${record.settled}, then ${how}`);
    record.settled = how;
    if (record.admitted) {
      this.inFlight -= 1;
      this.bytesInFlight -= record.bytes;
    }
    if (how === "nack") return;
    for (const value of record.values) {
      if (!this.fates.has(value)) this.broken(`${id} acked, but nothing became of ${value}`);
    }
  }

  broken(law: string): void {
    this.violations.push(law);
  }

  /** To be called when the run is over. */
  finish(mayGiveBack: boolean, reportedGiveBacks: number): void {
    let nacked = 0;
    for (const [id, record] of this.records) {
      if (!record.settled) this.broken(`${id} was never settled`);
      if (record.settled === "nack") nacked += 1;
    }
    if (nacked > 0 && !mayGiveBack) this.broken(`${nacked} records given back by a clean run`);
    if (nacked !== reportedGiveBacks)
      this.broken(`${nacked} records nacked, but ${reportedGiveBacks} reported`);
  }

  get count(): number {
    return this.records.size;
  }
}

/** Watches one lane's rate: what was sent in any sliding second. */
export class RateWatch {
  private readonly sent: { readonly atMs: number; readonly events: number; readonly bytes: number }[] = [];
  private head = 0;
  worstEvents = 0;
  worstRequests = 0;
  worstBytes = 0;

  sentNow(atMs: number, events: number, bytes: number): void {
    this.sent.push({ atMs, events, bytes });
    while (atMs - this.sent[this.head]!.atMs > 1000) this.head += 1;
    const window = this.sent.slice(this.head);
    this.worstEvents = Math.max(
      this.worstEvents,
      window.reduce((sum, one) => sum + one.events, 0),
    );
    this.worstBytes = Math.max(
      this.worstBytes,
      window.reduce((sum, one) => sum + one.bytes, 0),
    );
    this.worstRequests = Math.max(this.worstRequests, window.length);
  }
}
