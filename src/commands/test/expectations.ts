// How each key of `expect` is compared with what came of a case, and so how `--update` rewrites it.

import type { Expectation } from "../../config/test-expectation.ts";
import type { Outcome } from "./run-case.ts";

export interface Rule {
  /** Members that are not named must not be there. */
  readonly whole?: boolean;
  /** What a member that did not come counts as. */
  readonly absent?: number;
  /** What came, in the form in which it was expected at this path. */
  seen?(path: readonly (string | number)[], want: unknown, got: unknown): unknown;
}

const partial: Rule = {};
const whole: Rule = { whole: true };

/** In the order in which differences are told. */
export const rules: Readonly<Record<keyof Expectation, Rule>> = {
  failure: partial,
  delivered: partial,
  events: partial,
  wholeEvents: whole,
  sinks: { seen: sinkSeen },
  drops: { whole: true, absent: 0 },
  deadLetters: { whole: true, absent: 0 },
  acked: partial,
  requests: { seen: requestSeen },
  limiter: partial,
};

export function gotOf(key: string, outcome: Outcome): unknown {
  return got[key as keyof Expectation](outcome);
}

const got: Readonly<Record<keyof Expectation, (outcome: Outcome) => unknown>> = {
  failure: ({ failure }) => failure?.code,
  delivered: ({ events }) => events.length,
  events: ({ events }) => events,
  wholeEvents: ({ events }) => events,
  sinks: ({ sinks }) => sinks,
  drops: ({ drops }) => drops,
  deadLetters: ({ deadLetters }) => deadLetters,
  acked: ({ acked }) => acked,
  requests: ({ requests }) => requests.map((one) => ({ ...one, notBeforeMs: one.atMs })),
  limiter: ({ limiter }) => limiter,
};

/** Of a sink at path `["sinks", "archive"]`: a number is how many events it got, a list which. */
function sinkSeen(path: readonly (string | number)[], want: unknown, seen: unknown): unknown {
  return path.length === 2 && typeof want === "number" && Array.isArray(seen) ? seen.length : seen;
}

/** Of a request at path `["requests", 0, "body"]`: a text is the exact body, a map some fields of its JSON. */
function requestSeen(path: readonly (string | number)[], want: unknown, seen: unknown): unknown {
  if (path.length !== 3) return seen;
  if (path[2] === "body" && typeof want !== "string" && typeof seen === "string")
    return JSON.parse(seen) as unknown;
  // Later is right too.
  if (path[2] === "notBeforeMs" && Number(seen) >= Number(want)) return want;
  return seen;
}
