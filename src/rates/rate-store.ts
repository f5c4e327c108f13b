// One rate for several processes. A store keeps it; each process asks before a request and may send what it is granted.
//
// What the answers promise: what all processes send in any sliding second stays within the rates, if every grant is
// used within its `lateMs` of the asking, if what is under way arrives within its `heldMs` or as `answered` says, and if whoever cannot reach the store keeps to its share (shared-limiter.ts).

import type { Rates } from "../engine/contracts.ts";

/** Live traffic is served first; a backfill takes what it leaves. */
export type Priority = "live" | "backfill";

export interface Ask {
  /** Which rate: a destination. At most 200 characters. */
  readonly key: string;
  /** Per second; Infinity: no limit. Those of the latest asker hold. */
  readonly rates: Rates;
  readonly priority: Priority;
  /** For one request: how much waits, and the bytes of the smallest request that makes sense, envelope included. */
  readonly events: number;
  readonly bytes: number;
  readonly leastBytes: number;
  /** The grant is used no later than so long after it was asked for. */
  readonly lateMs: number;
  /** What became of the grant before. */
  readonly returned: Returned | undefined;
  /** It counts so much longer, until it is in `answered`: when what is sent with it arrives is not known before. */
  readonly heldMs: number;
  /** Earlier grants whose requests were answered. At most `MAX_ANSWERED`, each once. */
  readonly answered: readonly AnsweredGrant[];
  /** Somebody may have used the rate without the store in the last second. */
  readonly rejoins: boolean;
}

export interface AnsweredGrant {
  readonly id: string;
  /** What was sent with it may have arrived so much later than it was used; it counts so much longer. */
  readonly lateMs: number;
}

export const MAX_ANSWERED = 32;

export interface Returned {
  readonly id: string;
  /** Not used of it. */
  readonly events: number;
  readonly bytes: number;
  /** So long before its latest moment it was used, or given up; negative: after it, as the thread stood still. */
  readonly earlyMs: number;
}

export type Answer =
  /** For one request. `events` and `bytes` are never 0. */
  | { readonly kind: "granted"; readonly id: string; readonly events: number; readonly bytes: number }
  | { readonly kind: "wait"; readonly ms: number }
  /** For so long, everybody who kept to its share goes on doing so, and everybody else sends nothing. */
  | { readonly kind: "gather"; readonly ms: number };

/**
 * A store hears of every rate in use at least every `ALIVE_MS`, from each process; `ask` counts. So after a silence it
 * knows that somebody may have used its share meanwhile. Keeping that up is the business of whoever implements this.
 */
export interface RateStore {
  /** Rejects when the store cannot be asked. It gives up by itself, within two seconds; nothing is sent meanwhile. */
  ask(ask: Ask): Promise<Answer>;
  close(): Promise<void>;
}
