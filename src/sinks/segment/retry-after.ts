// How long a 429 asks us to wait. Segment sends `Retry-After` and `X-RateLimit-Reset`, both in seconds
// (Segment docs, "HTTP Tracking API: Rate limits"); what stands in front of it may send an HTTP date.

import type { AnswerHeaders } from "./http-client.ts";

export const MIN_PAUSE_MS = 1_000;
export const MAX_PAUSE_MS = 300_000;

const SECONDS = /^[+-]?\d{1,15}(\.\d+)?$/;
// All three forms of RFC 9110, section 5.6.7, have a day's name first and a time of day. `Date.parse` alone
// would also read a date into "garbage 5".
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d\d:\d\d:\d\d/;

/**
 * In ms, always within [1 s, 300 s]; too small, negative and past values count as 1 s, too big ones as 300 s.
 * `undefined` when no header can be read: the engine's backoff decides then. A date is taken relative to the
 * answer's own `Date`, so a clock that is wrong here does not matter.
 */
export function retryAfterMs(headers: AnswerHeaders, wallMs: number): number | undefined {
  const asked =
    fromRetryAfter(headers["retry-after"], headers["date"], wallMs) ??
    fromSeconds(headers["x-ratelimit-reset"]);
  return asked === undefined ? undefined : Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, Math.ceil(asked)));
}

function fromRetryAfter(
  value: string | undefined,
  date: string | undefined,
  wallMs: number,
): number | undefined {
  const seconds = fromSeconds(value);
  if (seconds !== undefined) return seconds;
  const until = httpDate(value);
  return until === undefined ? undefined : until - (httpDate(date) ?? wallMs);
}

function fromSeconds(value: string | undefined): number | undefined {
  const text = value?.trim();
  return text !== undefined && SECONDS.test(text) ? Number(text) * 1_000 : undefined;
}

function httpDate(value: string | undefined): number | undefined {
  const text = value?.trim();
  if (text === undefined || !HTTP_DATE.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}
