// What becomes of a record, for those who need to know it after the record is gone: a few words of memory, where the
// receipt holds on to the record's whole body.
//
//   open --(the record is settled)--> ack | nack, for good

import assert from "node:assert";

import type { Settlement } from "./contracts.ts";

type Listener = (how: Settlement) => void;

export class Fate {
  private known: Settlement | undefined;
  private listeners: Listener[] | undefined;

  /** `order`: records that were admitted later have larger ones. */
  constructor(readonly order: number) {}

  /** Undefined while the record is in flight. */
  get how(): Settlement | undefined {
    return this.known;
  }

  /** `listener` is called once, when the record was settled; never, when the run ends before. */
  whenKnown(listener: Listener): void {
    assert(this.known === undefined, "it is known already");
    this.listeners ??= [];
    this.listeners.push(listener);
  }

  /** For the ledger only: what is decided first, and those who wait are told afterwards. */
  decide(how: Settlement): void {
    this.known = how;
  }

  tell(): void {
    const { listeners, known } = this;
    this.listeners = undefined;
    if (known) for (const listener of listeners ?? []) listener(known);
  }
}
