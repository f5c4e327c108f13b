// One limiter for all lanes that send to the same place: two sinks of a pipeline may lead to one destination, whose rate
// holds for them together. When they name different rates, the lowest of each.
//
// Lanes take turns: one that sent last gives way once to one that was refused since. Without that, whoever's timer is
// the first each time would take all. A limiter is made for the first lane that takes it and closed with the last; over
// the runs of a process a while later, because what it let through counts for a second, whoever comes next.

import type { Clock } from "./clock.ts";
import type { Rates } from "./contracts.ts";
import type { LimiterMaker, RateLimiter, Room } from "./limiter.ts";

interface User {
  rates: Rates;
  readonly changed: () => void;
}

interface Entry {
  readonly limiter: RateLimiter;
  readonly users: Set<User>;
  /** Refused since they last sent, the longest first. */
  readonly hungry: Set<User>;
  last: User | undefined;
  releasedAtMs: number;
}

/** Longer than anything that was let through counts. */
const KEPT_MS = 2_000;
const NO_ROOM: Room = { events: 0, bytes: 0 };

export class SharedLimiters {
  private readonly entries = new Map<string, Entry>();

  /** With a clock, one that nobody uses is kept for two seconds; `close` is to be called then. */
  constructor(private readonly clock?: Clock) {}

  /** Lanes of one name share, among those that are made with the same `scope`. `make` makes what they share. */
  makerFor(scope: string, make: LimiterMaker): LimiterMaker {
    return (lane, rates, largestRequestBytes, changed) => {
      this.closeUnused();
      const key = `${scope}\n${lane}`;
      const user = { rates, changed };
      const known = this.entries.get(key);
      if (known) return this.join(key, known, user);
      const users = new Set<User>();
      const tellAll = () => {
        for (const one of users) one.changed();
      };
      const limiter = make(lane, rates, largestRequestBytes, tellAll);
      const entry: Entry = { limiter, users, hungry: new Set(), last: undefined, releasedAtMs: 0 };
      this.entries.set(key, entry);
      return this.join(key, entry, user);
    };
  }

  /** Nothing is sent any more. */
  close(): void {
    for (const { limiter } of this.entries.values()) limiter.close();
    this.entries.clear();
  }

  private closeUnused(): void {
    if (!this.clock) return;
    const oldest = this.clock.nowMs() - KEPT_MS;
    for (const [key, { users, releasedAtMs, limiter }] of this.entries) {
      if (users.size > 0 || releasedAtMs > oldest) continue;
      this.entries.delete(key);
      limiter.close();
    }
  }

  private join(key: string, entry: Entry, user: User): RateLimiter {
    const { limiter, users } = entry;
    const settle = () => limiter.change(lowest(users));
    users.add(user);
    settle();
    return {
      room(leastBytes, wanted) {
        if (givesWay(entry, user)) return NO_ROOM;
        const room = limiter.room(leastBytes, wanted);
        if (room.events < 1 || room.bytes < leastBytes) entry.hungry.add(user);
        else entry.hungry.delete(user);
        return room;
      },
      glance: () => limiter.glance(),
      used: () => limiter.used(),
      spend(events, bytes) {
        entry.last = user;
        limiter.spend(events, bytes);
      },
      answered: (sent) => limiter.answered(sent),
      waitMs: (leastBytes) => limiter.waitMs(leastBytes),
      idled: () => limiter.idled(),
      change(rates) {
        user.rates = rates;
        settle();
      },
      close: () => {
        if (!users.delete(user)) return;
        entry.hungry.delete(user);
        if (users.size > 0) return settle();
        if (this.clock) {
          entry.releasedAtMs = this.clock.nowMs();
          return;
        }
        this.entries.delete(key);
        limiter.close();
      },
    };
  }
}

/** The other is woken once the caller has yielded; this one may try again right after. */
function givesWay(entry: Entry, user: User): boolean {
  if (entry.last !== user) return false;
  for (const other of entry.hungry) {
    if (other === user) continue;
    entry.last = undefined;
    entry.hungry.delete(other);
    queueMicrotask(other.changed);
    return true;
  }
  return false;
}

function lowest(users: ReadonlySet<User>): Rates {
  const least = (of: (rates: Rates) => number) => Math.min(...[...users].map(({ rates }) => of(rates)));
  return {
    events: least(({ events }) => events),
    requests: least(({ requests }) => requests),
    bytes: least(({ bytes }) => bytes),
  };
}
