// What a status means. The status alone decides: a body that was cut, dripped or garbled after a 2xx changes
// nothing. The one exception is a 400 with a machine-readable `code` about the source instead of the data:
// without it, a source that was switched off would send every event to the dead letters.
//
//   2xx                       delivered
//   400 413 422               rejected        (bisected by the engine until the bad events stand alone)
//   429                       throttled       (the lane pauses)
//   408 425 460, 5xx          unavailable     (the same bytes again, later)
//   3xx, other 4xx, 501 505 511, anything unheard of
//                             misconfigured   (held and parked, never dead-lettered: fail closed)

import type { FaultKind } from "../../engine/errors.ts";
import type { Answer } from "./http-client.ts";
import { retryAfterMs } from "./retry-after.ts";

export interface Outcome {
  readonly kind: FaultKind;
  readonly code: string;
  readonly retryAfterMs?: number | undefined;
  /** What a person should do, or why it is so; one clause. */
  readonly advice: string;
}

const REJECTED = new Set([400, 413, 422]);
const UNAVAILABLE = new Set([408, 425, 460]);
// Segment's reference client gives up on these three too: no retry mends them, a person does.
const MISCONFIGURED_5XX = new Set([501, 505, 511]);
const SOURCE_CODES = new Set([
  "invalid_write_key",
  "locked_workspace",
  "missing_write_key",
  "project_not_found",
  "source_disabled",
]);

export function isDelivered(status: number): boolean {
  return status >= 200 && status < 300;
}

/** `undefined`: delivered. */
export function outcomeOf(answer: Answer, wallMs: number): Outcome | undefined {
  const { status } = answer;
  if (isDelivered(status)) return undefined;
  const code = `http-${status}`;
  if (REJECTED.has(status)) return refusal(answer, code);
  if (status === 429)
    return {
      kind: "throttled",
      code,
      retryAfterMs: retryAfterMs(answer.headers, wallMs),
      advice: "the rate limit of the workspace is reached; lower the destination's rates if this goes on",
    };
  if (UNAVAILABLE.has(status) || (status >= 500 && status < 600 && !MISCONFIGURED_5XX.has(status)))
    return { kind: "unavailable", code, advice: "the same events are sent again later" };
  return { kind: "misconfigured", code, advice: misconfiguredAdvice(answer) };
}

function refusal(answer: Answer, code: string): Outcome {
  const named = namedCode(answer.excerpt);
  if (named !== undefined && SOURCE_CODES.has(named))
    return {
      kind: "misconfigured",
      code,
      advice: "the write key or its Segment source is at fault, not the data",
    };
  return { kind: "rejected", code, advice: "Segment does not take the data" };
}

/** The `code` of an error body such as `{"code":"source_disabled","message":"…"}`. */
function namedCode(excerpt: string): string | undefined {
  if (!excerpt.startsWith("{")) return undefined;
  try {
    const { code } = JSON.parse(excerpt) as { code?: unknown };
    return typeof code === "string" ? code : undefined;
  } catch {
    // Not JSON, or cut: then it names no code, and the status alone decides.
    return undefined;
  }
}

function misconfiguredAdvice({ status, headers }: Answer): string {
  if (status >= 300 && status < 400)
    return `redirects are never followed${originOf(headers["location"])}; correct the endpoint`;
  if (status === 401 || status === 403) return "check the write key and the region";
  if (status === 404 || status === 405 || status === 410) return "check the endpoint and the region";
  return "a person must look at the endpoint and what stands in front of it";
}

/** Only the origin: the rest of a Location may repeat what was sent. */
function originOf(location: string | undefined): string {
  if (location === undefined || !URL.canParse(location)) return "";
  return ` (it points to ${new URL(location).origin})`;
}
