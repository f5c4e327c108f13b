// The oracle's memory: how often each messageId was taken, and whether it always had the same bytes.

import { hash } from "node:crypto";

export interface IdRecord {
  /** How often an event with this id was taken, repetitions within the de-duplication window included. */
  deliveries: number;
  /** SHA-1 of the event's bytes as they stood in the first request, base64url. */
  readonly digest: string;
  /** Later deliveries whose bytes were others. */
  differing: number;
}

export class IdLedger {
  private readonly records = new Map<string, IdRecord>();
  /** Ids that were not recorded because the ledger was full. */
  overflow = 0;

  constructor(private readonly maxIds: number) {}

  add(id: string, bytes: Uint8Array): void {
    const digest = hash("sha1", bytes, "base64url");
    const known = this.records.get(id);
    if (known) {
      known.deliveries++;
      if (known.digest !== digest) known.differing++;
    } else if (this.records.size < this.maxIds) this.records.set(id, { deliveries: 1, digest, differing: 0 });
    else this.overflow++;
  }

  get(id: string): IdRecord | undefined {
    return this.records.get(id);
  }

  all(): ReadonlyMap<string, IdRecord> {
    return this.records;
  }
}
