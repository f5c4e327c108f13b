// The access token of the console. Compared in constant time, and wrong tries are rationed per address: ten a
// minute, then nothing but "later" for a while. A right token is let in all the same while others are tried.

import { createHash, timingSafeEqual } from "node:crypto";

import type { Clock } from "../engine/clock.ts";
import { RunError } from "../engine/errors.ts";
import { ApiError } from "./api-error.ts";

/** 128 bits in base64url. */
const SHORTEST_TOKEN = 22;
const TRIES = 10;
const WINDOW_MS = 60_000;
const MAX_ADDRESSES = 1_000;

export class Authentication {
  readonly #digest: Buffer;
  private readonly tries = new Map<string, { count: number; sinceMs: number }>();

  /** Throws RunError `console-token-weak`. */
  constructor(
    token: string,
    private readonly clock: Clock,
  ) {
    if (token.length < SHORTEST_TOKEN || new Set(token).size < 8)
      throw new RunError(
        "console-token-weak",
        `the console's token must have at least ${SHORTEST_TOKEN} random characters; openssl rand -base64 24 makes one`,
      );
    this.#digest = digest(token);
  }

  /** Throws ApiError 401 or 429. */
  check(authorization: string | undefined, address: string): void {
    const given = (authorization ?? "").replace(/^Bearer /i, "");
    // Digests have one length, so that comparing them tells nothing about the token's.
    if (timingSafeEqual(digest(given), this.#digest)) return;
    const now = this.clock.nowMs();
    const known = this.tries.get(address);
    const entry = known && now - known.sinceMs < WINDOW_MS ? known : { count: 0, sinceMs: now };
    if (!known && this.tries.size >= MAX_ADDRESSES) this.tries.clear();
    this.tries.set(address, entry);
    // A request without a token is a person who has not given it yet, not a try.
    if (given !== "") entry.count += 1;
    if (entry.count > TRIES) {
      const seconds = Math.max(1, Math.ceil((entry.sinceMs + WINDOW_MS - now) / 1000));
      throw new ApiError(
        429,
        "rate_limited",
        `Too many wrong access tokens; try again in ${seconds} s.`,
        [],
        seconds,
      );
    }
    throw new ApiError(401, "unauthorized", "Invalid access token");
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text, "utf8").digest();
}
