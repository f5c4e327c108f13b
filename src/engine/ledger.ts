// The ledger: every record that was taken and is not settled yet, bounded in count and bytes. It is the one
// bound of a run: memory, back-pressure, drain and "what is in flight" are all read from here.
//
// A record's receipt starts with one open part. Stages that make several values of one add parts; each part
// is closed exactly once, as done or as given back. When the last part closes, the record is settled: "nack" if
// any part was given back, else "ack". Nothing else in the program calls `settle`.

import assert from "node:assert";

import type { SourceRecord } from "./contracts.ts";
import { Fate } from "./fate.ts";

export interface LedgerLimits {
  readonly records: number;
  readonly bytes: number;
}

export class Receipt {
  /** Called once when the record is settled: what was made of it is needed no more. */
  whenSettled: (() => void) | undefined;
  private parts = 1;
  private givenBack = false;
  private asked: Fate | undefined;

  constructor(
    readonly record: SourceRecord,
    private readonly ledger: Ledger,
    /** Records admitted later have larger ones. */
    readonly order: number,
  ) {}

  /** For whoever must know what becomes of this record. Made when first asked for. */
  get fate(): Fate {
    this.asked ??= new Fate(this.order);
    return this.asked;
  }

  /** Undefined: nobody asked. */
  get askedFate(): Fate | undefined {
    return this.asked;
  }

  /** `n` more values travel under this receipt. */
  add(n: number): void {
    assert(this.parts > 0, "a settled record cannot grow new parts");
    this.parts += n;
  }

  /** So many values reached an end that promise 1 allows: delivered, dropped by a rule, or durably dead-lettered. */
  done(values = 1): void {
    this.close(values);
  }

  /** One value was not dealt with: the whole record must come again. */
  giveBack(): void {
    this.givenBack = true;
    this.close(1);
  }

  private close(parts: number): void {
    if (this.ledger.abandoned) return; // Already nacked as a whole; a late answer changes nothing.
    assert(this.parts >= parts, "a part of a record was closed twice");
    this.parts -= parts;
    if (this.parts === 0) this.ledger.settle(this, this.givenBack ? "nack" : "ack");
  }
}

export class Ledger {
  private readonly open = new Set<Receipt>();
  private bytesOpen = 0;
  private readonly waiters = new Set<() => void>();
  private readonly untold: Fate[] = [];
  private admitted = 0;
  abandoned = false;
  acked = 0;
  nacked = 0;
  handedOver = 0;

  constructor(
    private readonly limits: LedgerLimits,
    /** Called after each settlement: there may be room again. */
    private readonly onRoom: () => void = () => {},
  ) {}

  get records(): number {
    return this.open.size;
  }

  get bytes(): number {
    return this.bytesOpen;
  }

  /** A record larger than the whole byte limit is let in alone, else it could never pass. */
  hasRoom(bytes: number): boolean {
    if (this.open.size === 0) return true;
    return this.open.size < this.limits.records && this.bytesOpen + bytes <= this.limits.bytes;
  }

  admit(record: SourceRecord): Receipt {
    assert(this.hasRoom(record.body.byteLength), "a record was admitted without room");
    this.admitted += 1;
    const receipt = new Receipt(record, this, this.admitted);
    this.open.add(receipt);
    this.bytesOpen += record.body.byteLength;
    return receipt;
  }

  settle(receipt: Receipt, how: "ack" | "nack"): void {
    assert(this.open.delete(receipt), "a record was settled twice");
    this.bytesOpen -= receipt.record.body.byteLength;
    if (how === "ack") this.acked += 1;
    else this.nacked += 1;
    receipt.record.settle(how);
    receipt.whenSettled?.();
    if (receipt.askedFate) this.tell(receipt.askedFate, how);
    this.onRoom();
    if (this.open.size === 0) for (const wake of [...this.waiters]) wake();
  }

  /** Whoever is told may settle other records: they queue up here, so that a long chain does not nest. */
  private tell(fate: Fate, how: "ack" | "nack"): void {
    fate.decide(how);
    this.untold.push(fate);
    if (this.untold.length > 1) return;
    try {
      for (const one of this.untold) one.tell();
    } finally {
      this.untold.length = 0;
    }
  }

  /** Resolves when nothing is in flight. Abort leaves no listener behind. */
  whenEmpty(signal: AbortSignal): Promise<void> {
    if (this.open.size === 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.waiters.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.waiters.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }

  /** The oldest record in flight, for health and metrics. */
  oldest(): SourceRecord | undefined {
    for (const receipt of this.open) return receipt.record;
    return undefined;
  }

  /** Whether a record of this id is in flight. Looks at all: not for the hot path. */
  holds(id: string): boolean {
    for (const { record } of this.open) if (record.id === id) return true;
    return false;
  }

  /**
   * Lets go of all that is in flight, for a stop that ran out of time. Each record is offered to `heir`, which says
   * whether it takes it over unsettled; what it does not take is given back. Returns how many were. Final.
   */
  giveBackAll(
    heir: (record: SourceRecord) => boolean = () => false,
    told: (record: SourceRecord) => void = () => {},
  ): number {
    this.abandoned = true;
    let givenBack = 0;
    for (const receipt of [...this.open]) {
      if (heir(receipt.record)) this.forget(receipt);
      else {
        told(receipt.record);
        this.settle(receipt, "nack");
        givenBack += 1;
      }
    }
    return givenBack;
  }

  private forget(receipt: Receipt): void {
    this.open.delete(receipt);
    this.handedOver += 1;
    this.bytesOpen -= receipt.record.body.byteLength;
    receipt.whenSettled?.();
  }
}

/** Neighbours are mostly of one record, a block of hundreds: told at once. */
export function allDone(items: readonly { readonly receipt: Receipt }[]): void {
  for (let from = 0; from < items.length; ) {
    const { receipt } = items[from]!;
    let to = from + 1;
    while (to < items.length && items[to]!.receipt === receipt) to += 1;
    receipt.done(to - from);
    from = to;
  }
}
