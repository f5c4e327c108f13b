// Shares of a lane's rate for what does not go through its queue: a test event, for example. They are served before
// the queue, in order; the queue waits meanwhile, so that the rate holds for both together.

import type { RateLimiter } from "./limiter.ts";

interface Reservation {
  readonly bytes: number;
  readonly grant: () => void;
}

const SHORTEST_WAIT_MS = 0.01;

export class Reservations {
  private waiting: Reservation[] = [];

  /** Resolves when one request with one event of `bytes` (envelope included) may go, and counts it as sent. */
  add(bytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.waiting = this.waiting.filter((one) => one !== reservation);
        reject(signal.reason);
      };
      const reservation = {
        bytes,
        grant: () => {
          signal.removeEventListener("abort", giveUp);
          resolve();
        },
      };
      if (signal.aborted) {
        giveUp();
        return;
      }
      signal.addEventListener("abort", giveUp, { once: true });
      this.waiting.push(reservation);
    });
  }

  /** Grants what has room now. Gives the ms until the next one may have it, or 0 when none waits. */
  serve(limiter: RateLimiter): number {
    for (let next = this.waiting[0]; next; next = this.waiting[0]) {
      const { bytes } = next;
      const room = limiter.room(bytes, () => ({ events: 1, bytes }));
      if (room.events < 1 || room.bytes < bytes) return limiter.waitMs(bytes) || SHORTEST_WAIT_MS;
      limiter.spend(1, bytes);
      this.waiting.shift();
      next.grant();
    }
    return 0;
  }
}
