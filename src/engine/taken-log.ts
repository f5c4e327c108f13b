// What a destination took lately: the writes it accepted, by when they began. A line a write, and looked at only when it
// refuses one.

export interface Taken {
  readonly events: number;
  readonly requests: number;
}

interface Entry {
  readonly atMs: number;
  readonly events: number;
}

const KEPT_MS = 2_000;
const COMPACT_AT = 1_024;

export class TakenLog {
  private entries: Entry[] = [];
  private head = 0;

  add(atMs: number, events: number): void {
    this.entries.push({ atMs, events });
    while (this.entries[this.head]!.atMs < atMs - KEPT_MS) this.head += 1;
    if (this.head < COMPACT_AT) return;
    this.entries = this.entries.slice(this.head);
    this.head = 0;
  }

  /** In the second before `untilMs`. Answers come in any order, so it looks at all that is kept. */
  inSecondBefore(untilMs: number): Taken {
    let events = 0;
    let requests = 0;
    for (let i = this.head; i < this.entries.length; i++) {
      const entry = this.entries[i]!;
      if (entry.atMs <= untilMs - 1000 || entry.atMs > untilMs) continue;
      events += entry.events;
      requests += 1;
    }
    return { events, requests };
  }
}
