// How the lanes of this process share their rates with other processes: through a store, by a fixed part, or not.

import type { Clock } from "../engine/clock.ts";
import type { Logger } from "../engine/contracts.ts";
import type { LimiterMaker } from "../engine/limiter.ts";
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
  /** How many processes there are at most; more, with fractions, when they may use only a part of the rate. */
  readonly replicas: number;
}

/** Rates are kept in `store`, one for each destination, whichever pipeline and process sends to it. */
export function shareByStore({ store, priority, replicas }: StoreSharing): RateSharing {
  const limiters = ({ clock, log, metrics }: LaneWorld): LimiterMaker => {
    return (lane, rates, largestRequestBytes, changed) => {
      let isUp = true;
      const show = () => metrics.set("rate_store_up", isUp ? 1 : 0, { destination: lane });
      // What has no rate asks for nothing, and shows nothing: files, destinations that are switched off.
      const asked: Pick<RateStore, "ask"> = {
        ask(ask) {
          show();
          return store.ask(ask);
        },
      };
      const cut = (reason: Error | undefined) => {
        isUp = reason === undefined;
        show();
        if (reason) metrics.count("rate_store_cuts_total", 1, { destination: lane });
        const fields = {
          destination: lane,
          ...(reason ? { code: "rate-store-lost", reason: reason.message } : {}),
        };
        if (reason)
          log.warn(
            fields,
            `the rate store is away: from here at most 1/${Number(replicas.toFixed(2))} of the rate`,
          );
        else log.info(fields, "the rate store is back");
      };
      const shared = { store: asked, key: lane, priority, replicas };
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
