// What the log says of a lane whose destination takes less than the configured rate.

import type { Logger } from "./contracts.ts";
import type { LearningEvents } from "./learning-limiter.ts";

export function rateNews(destination: string, log: Logger): LearningEvents {
  return {
    lowered({ events, requests }) {
      const fields = { destination, eventsPerSecond: Math.round(events), requestsPerSecond: requests };
      log.warn(fields, "the destination takes less than the configured rate; the lane keeps to what it took");
    },
    restored() {
      log.info({ destination }, "the destination takes the configured rate again");
    },
  };
}
