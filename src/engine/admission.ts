// The door of a run: lets records into the ledger while there is room, and keeps waiting the one that does not fit.
//
//   open --(offers: in, or waiting for room)--> closed: all that waits is handed on or given back
//
// A run that ends in favour of another names an heir: what it still holds moves there unsettled. The heir may hold more
// than one record waiting then, but never more than the source let out.

import type { SourceRecord } from "./contracts.ts";
import type { Ledger, Receipt } from "./ledger.ts";

export interface Heir {
  /** Takes over a record that was offered to another run. False: it takes in nothing any more. */
  adopt(record: SourceRecord, taken?: () => void): boolean;
}

interface Waiting {
  readonly record: SourceRecord;
  readonly taken: () => void;
}

export class Admission {
  heir: Heir | undefined;
  private waiting: Waiting[] = [];

  constructor(
    private readonly ledger: Ledger,
    private readonly admitted: (receipt: Receipt) => void,
  ) {}

  /** A promise when there is no room; see `Intake.offer`. */
  offer(record: SourceRecord): Promise<void> | undefined {
    if (this.waiting.length === 0 && this.ledger.hasRoom(record.body.byteLength)) {
      this.admitted(this.ledger.admit(record));
      return undefined;
    }
    return new Promise((taken) => this.waiting.push({ record, taken }));
  }

  adopt(record: SourceRecord, taken: () => void): void {
    this.waiting.push({ record, taken });
    this.admitWaiting();
  }

  refuse(record: SourceRecord): void {
    this.ledger.nacked += 1;
    record.settle("nack");
  }

  admitWaiting(): void {
    while (this.waiting.length > 0 && !this.ledger.abandoned) {
      const first = this.waiting[0]!;
      if (!this.ledger.hasRoom(first.record.body.byteLength)) return;
      this.waiting.shift();
      this.admitted(this.ledger.admit(first.record));
      first.taken();
    }
  }

  /** What waits needs not wait here. */
  handOver(heir: Heir): void {
    this.heir = heir;
    this.waiting = this.waiting.filter(({ record, taken }) => !heir.adopt(record, taken));
  }

  /** Final: nothing is held after it. `told`: what was in hand and is given back. Returns how many were. */
  close(told: (record: SourceRecord) => void): number {
    const { heir } = this;
    let givenBack = this.ledger.giveBackAll((record) => heir?.adopt(record) ?? false, told);
    const left = this.waiting;
    this.waiting = [];
    for (const { record, taken } of left) {
      if (heir?.adopt(record, taken)) continue;
      givenBack += 1;
      this.refuse(record);
      taken();
    }
    return givenBack;
  }
}
