// Several processes with one rate, on a virtual clock: a store that answers late, goes away, forgets and comes back.

import { VirtualClock } from "../../src/engine/virtual-clock.ts";
import type { Rates } from "../../src/engine/contracts.ts";
import type { Answer, Ask, Priority, RateStore } from "../../src/rates/rate-store.ts";
import { ALIVE_MS } from "../../src/rates/rules.ts";
import { RateTable } from "../../src/rates/rate-table.ts";
import { SharedLimiter } from "../../src/rates/shared-limiter.ts";
import { RateWatch } from "../engine/simulation/oracle.ts";
import { type Random, randomOf } from "../engine/simulation/random.ts";

export const EVENT_BYTES = 100;

export class Town {
  readonly clock = new VirtualClock();
  readonly random: Random;
  watch = new RateWatch();
  table = new RateTable();
  private reachable = true;
  slowMs = 1;
  /** What a destination takes to answer. */
  answerMs = 5;
  /** Questions to the store. */
  asked = 0;

  constructor(
    seed: number,
    readonly rates: Rates,
    readonly replicas: number,
  ) {
    this.random = randomOf(seed);
  }

  /** One process's way to the store. */
  store(): RateStore {
    let open = true;
    const alive = () => {
      if (!open) return;
      if (this.reachable) this.table.alive(["d1"], this.clock.nowMs());
      this.clock.after(ALIVE_MS, alive);
    };
    alive();
    const close = () => {
      open = false;
      return Promise.resolve();
    };
    return { ask: (ask) => this.ask(ask), close };
  }

  private ask(ask: Ask): Promise<Answer> {
    this.asked += 1;
    const there = this.random.next() * this.slowMs;
    const back = this.random.next() * this.slowMs;
    return new Promise((resolve, reject) => {
      this.clock.after(there, () => {
        if (!this.reachable) {
          this.clock.after(back, () => reject(new Error("the store is away")));
          return;
        }
        const answer = this.table.ask(ask, this.clock.nowMs());
        this.clock.after(back, () => resolve(answer));
      });
    });
  }

  lose({ forgets }: { readonly forgets: boolean }): void {
    this.reachable = false;
    if (forgets) this.table = new RateTable();
  }

  find(): void {
    this.reachable = true;
  }
}

export interface WorkerOptions {
  readonly priority?: Priority;
  /** Events that come each second; Infinity: there is always work. */
  readonly comes?: number;
}

/** Sends whatever its limiter lets it, in requests of at most 100 events. */
export class Worker {
  readonly limiter: SharedLimiter;
  private readonly store: RateStore;
  sent = 0;
  /** Of each event: how long it waited for the rate. */
  waitsMs: number[] = [];
  cuts: (string | undefined)[] = [];
  private waiting: number[] = [];
  private readonly endless: boolean;
  private cancel = () => {};
  private dead = false;

  constructor(
    private readonly town: Town,
    { priority = "live", comes = Number.POSITIVE_INFINITY }: WorkerOptions = {},
  ) {
    this.endless = comes === Number.POSITIVE_INFINITY;
    this.store = town.store();
    this.limiter = new SharedLimiter(
      town.clock,
      town.rates,
      EVENT_BYTES,
      { store: this.store, key: "d1", priority, replicas: town.replicas },
      { changed: () => this.pump(), cut: (reason) => this.cuts.push(reason?.message) },
    );
    if (!this.endless) this.arrive(1000 / comes);
  }

  /** So many of 100 events waited no longer. */
  percentileMs(percent: number): number {
    const inOrder = this.waitsMs.toSorted((a, b) => a - b);
    return inOrder[Math.ceil((inOrder.length * percent) / 100) - 1] ?? Number.NaN;
  }

  kill(): void {
    this.dead = true;
    this.limiter.close();
    void this.store.close();
    this.cancel();
  }

  pump(): void {
    this.cancel();
    while (!this.dead && (this.endless || this.waiting.length > 0)) {
      const most = this.endless ? 100 : Math.min(100, this.waiting.length);
      const room = this.limiter.room(EVENT_BYTES, () => ({ events: most, bytes: most * EVENT_BYTES }));
      const n = Math.min(most, room.events, Math.floor(room.bytes / EVENT_BYTES));
      if (n < 1) {
        const wait = this.limiter.waitMs(EVENT_BYTES);
        if (wait !== Number.POSITIVE_INFINITY)
          this.cancel = this.town.clock.after(Math.max(0.01, wait), () => this.pump());
        return;
      }
      this.send(n);
    }
  }

  private send(n: number): void {
    const now = this.town.clock.nowMs();
    this.limiter.spend(n, n * EVENT_BYTES);
    this.town.watch.sentNow(now, n, n * EVENT_BYTES);
    const sent = { atMs: now, events: n, bytes: n * EVENT_BYTES };
    this.town.clock.after(this.town.answerMs, () => this.limiter.answered(sent));
    this.sent += n;
    for (const at of this.waiting.splice(0, n)) this.waitsMs.push(now - at);
  }

  private arrive(everyMs: number): void {
    if (this.dead) return;
    this.waiting.push(this.town.clock.nowMs());
    this.pump();
    this.town.clock.after(everyMs * 2 * this.town.random.next(), () => this.arrive(everyMs));
  }
}
