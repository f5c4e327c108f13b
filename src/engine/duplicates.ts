// The keys that one stage lets through once, and what became of the record with the first value of each:
//
//   unknown --(a value has it: the first, it passes)--> open
//   open    --(the record is acked)-------------------> done: delivered, dropped by a rule or dead-lettered
//   open    --(the record is given back)--------------> unknown: whoever waits for it is judged anew
//   done    --(the window is over)--------------------> unknown
//   open, done --(too many keys, it is the oldest)----> unknown: whoever waits for it goes on waiting
//
// A duplicate of a key that is done is dropped. One of an open key *waits*: its part of its record stays open. Acked at
// once, it could take the first along: Pub/Sub may hand out one message twice, and the ack of either copy is the ack of
// the message. If the process then died, or the first could not be delivered, nobody would have it. (Two messages of
// their own with one key would survive that: the first is not acked and comes again. They cannot be told apart here, and
// the wait costs them nothing but their place among what is in flight.) In its own record a duplicate is dropped at once:
// the record is not acked before the first value is dealt with.
//
// Why nobody waits for ever: a value waits only for a record admitted before its own, so the oldest record waits for
// none, and a full ledger always has one that moves on. A record of many values may meet its duplicate the wrong way
// round (one value was held, a younger record overtook it): then the older one passes, and both are delivered.

import type { Clock } from "./clock.ts";
import type { Once } from "./once.ts";
import type { Fate } from "./fate.ts";
import type { Receipt } from "./ledger.ts";

/** A fate: of the record to wait for. */
export type Judgement = "pass" | "duplicate" | Fate;

interface Entry {
  readonly key: string;
  readonly fate: Fate;
  readonly seenAtMs: number;
  /** The list from the oldest to the newest. */
  older: Entry | undefined;
  newer: Entry | undefined;
}

export class Duplicates {
  private readonly entries = new Map<string, Entry>();
  private oldest: Entry | undefined;
  private newest: Entry | undefined;

  constructor(
    private readonly bounds: Pick<Once, "windowMs" | "maxKeys">,
    private readonly clock: Clock,
    /** A key had to go before its time. */
    private readonly onForgotten: () => void = () => {},
  ) {}

  get size(): number {
    return this.entries.size;
  }

  judge(key: string, receipt: Receipt): Judgement {
    const nowMs = this.clock.nowMs();
    this.forgetOld(nowMs);
    const entry = this.entries.get(key);
    if (entry) {
      const { fate } = entry;
      if (fate.order === receipt.order) return "duplicate";
      if (fate.how === undefined) return fate.order < receipt.order ? fate : "pass";
      if (fate.how === "ack" && !this.isOld(entry, nowMs)) return "duplicate";
      this.forget(entry);
    }
    this.remember(key, receipt.fate, nowMs);
    return "pass";
  }

  private remember(key: string, fate: Fate, seenAtMs: number): void {
    if (this.oldest && this.entries.size >= this.bounds.maxKeys) {
      this.forget(this.oldest);
      this.onForgotten();
    }
    const entry: Entry = { key, fate, seenAtMs, older: this.newest, newer: undefined };
    if (this.newest) this.newest.newer = entry;
    else this.oldest = entry;
    this.newest = entry;
    this.entries.set(key, entry);
  }

  private forget({ key, older, newer }: Entry): void {
    this.entries.delete(key);
    if (older) older.newer = newer;
    else this.oldest = newer;
    if (newer) newer.older = older;
    else this.newest = older;
  }

  /** An open one is never too old: what it waits for may be down for hours. */
  private forgetOld(nowMs: number): void {
    while (this.oldest?.fate.how !== undefined && this.isOld(this.oldest, nowMs)) this.forget(this.oldest);
  }

  private isOld({ seenAtMs }: Entry, nowMs: number): boolean {
    return nowMs - seenAtMs >= this.bounds.windowMs;
  }
}
