// How the lanes of this process share their rates with other processes: through a store, by a fixed part, or not.

import type { Clock } from "../engine/clock.ts";
import type { Logger, Rates } from "../engine/contracts.ts";
import { Limiter, type LimiterMaker } from "../engine/limiter.ts";
import type { Metrics } from "../engine/metrics.ts";
import { PartOfRate } from "./part-of-rate.ts";
import type { Priority, RateStore } from "./rate-store.ts";
import { SharedLimiter } from "./shared-limiter.ts";

export interface LaneWorld {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export interface RateSharing {
  limiters(world: LaneWorld): LimiterMaker;
  close(): Promise<void>;
}

export interface StoreSharing {
  readonly store: RateStore;
  readonly priority: Priority;
  /** How many processes there are at most. */
  readonly replicas: number;
}

/** Rates are kept in `store`, one for each destination, whichever pipeline and process sends to it. */
export function shareByStore({ store, priority, replicas }: StoreSharing): RateSharing {
  const limiters = ({ clock, log, metrics }: LaneWorld): LimiterMaker => {
    return (lane, rates, largestRequestBytes, changed) => {
      // What has no rate has nothing to share: files, standard output.
      if (isUnlimited(rates)) return new Limiter(clock, rates, largestRequestBytes);
      const up = metrics.cell("rate_store_up", { destination: lane });
      up.value = 1;
      const cut = (reason: Error | undefined) => {
        up.value = reason ? 0 : 1;
        if (reason) metrics.count("rate_store_cuts_total", 1, { destination: lane });
        const fields = {
          destination: lane,
          ...(reason ? { code: "rate-store-lost", reason: reason.message } : {}),
        };
        if (reason) log.warn(fields, `the rate store is away: from here at most 1/${replicas} of the rate`);
        else log.info(fields, "the rate store is back");
      };
      const shared = { store, key: lane, priority, replicas };
      return new SharedLimiter(clock, rates, largestRequestBytes, shared, { changed, cut });
    };
  };
  return { limiters, close: () => store.close() };
}

/** Without a store: this process takes no more than `part` (above 0, at most 1) of each rate. */
export function shareByPart(part: number): RateSharing {
  const limiters = ({ clock }: LaneWorld): LimiterMaker => {
    return (_lane, rates, largestRequestBytes) => new PartOfRate(clock, rates, largestRequestBytes, part);
  };
  return { limiters, close: () => Promise.resolve() };
}

function isUnlimited({ events, requests, bytes }: Rates): boolean {
  return Math.min(events, requests, bytes) === Number.POSITIVE_INFINITY;
}
