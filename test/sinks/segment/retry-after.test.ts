import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { MAX_PAUSE_MS, MIN_PAUSE_MS, retryAfterMs } from "../../../src/sinks/segment/retry-after.ts";

const NOW = Date.UTC(2026, 0, 1);

describe("how long a 429 pauses the lane", () => {
  test.each<[string, Record<string, string>, number | undefined]>([
    ["seconds", { "retry-after": "7" }, 7_000],
    ["fractions of a second", { "retry-after": "1.5" }, 1_500],
    ["zero", { "retry-after": "0" }, MIN_PAUSE_MS],
    ["a negative number", { "retry-after": "-5" }, MIN_PAUSE_MS],
    ["a day", { "retry-after": "86400" }, MAX_PAUSE_MS],
    ["an HTTP date", { "retry-after": "Thu, 01 Jan 2026 00:00:09 GMT" }, 9_000],
    ["a date in the past", { "retry-after": "Wed, 31 Dec 2025 23:59:00 GMT" }, MIN_PAUSE_MS],
    ["a date in the old form", { "retry-after": "Thursday, 01-Jan-26 00:00:09 GMT" }, 9_000],
    [
      "a date from a server whose clock is an hour ahead",
      { "retry-after": "Thu, 01 Jan 2026 01:00:09 GMT", date: "Thu, 01 Jan 2026 01:00:00 GMT" },
      9_000,
    ],
    ["garbage, then X-RateLimit-Reset", { "retry-after": "soon", "x-ratelimit-reset": "4" }, 4_000],
    ["garbage that Date.parse would read", { "retry-after": "garbage 5" }, undefined],
    ["both headers: Retry-After goes first", { "retry-after": "3", "x-ratelimit-reset": "9" }, 3_000],
    ["only X-RateLimit-Reset", { "x-ratelimit-reset": "12" }, 12_000],
    ["an empty header", { "retry-after": "" }, undefined],
    ["an endless number", { "retry-after": "9".repeat(400) }, undefined],
    ["no header", {}, undefined],
  ])("%s", (_, headers, expected) => {
    expect(retryAfterMs(headers, NOW)).toBe(expected);
  });

  test("any header at all gives a pause within bounds, or none", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (retry, reset, date) => {
        const pause = retryAfterMs({ "retry-after": retry, "x-ratelimit-reset": reset, date }, NOW);
        if (pause !== undefined) expect(pause >= MIN_PAUSE_MS && pause <= MAX_PAUSE_MS).toBe(true);
      }),
    );
  });
});
