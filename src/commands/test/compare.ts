// What was expected against what came of it: a line for each difference, `path: expected …, got …`.

import type { TestCase } from "../../config/test-file.ts";
import type { Outcome } from "./run-case.ts";

const MOST_SHOWN = 20;
const MOST_CHARACTERS = 200;

/** Empty: the case passed. */
export function differences(expect: TestCase["expect"], outcome: Outcome): string[] {
  const { delivered, events, drops, deadLetters, acked, requests } = expect;
  const found: string[] = outcome.failure === undefined ? [] : [outcome.failure];
  const differ = (path: string, want: unknown, got: unknown) => {
    found.push(`${path}: expected ${shown(want)}, got ${shown(got)}`);
  };
  if (delivered !== undefined) partial("delivered", delivered, outcome.events.length, differ);
  if (events) partial("events", events, outcome.events, differ);
  if (drops) counts("drops", drops, outcome.drops, differ);
  if (deadLetters) counts("deadLetters", deadLetters, outcome.deadLetters, differ);
  if (acked !== undefined) partial("acked", acked, outcome.acked, differ);
  if (requests) compareRequests(requests, outcome.requests, differ);
  if (found.length > 0) found.push(...outcome.reasons.slice(0, 5).map((reason) => `dead letter ${reason}`));
  if (found.length <= MOST_SHOWN) return found;
  return [...found.slice(0, MOST_SHOWN), `and ${found.length - MOST_SHOWN} more`];
}

type Differ = (path: string, want: unknown, got: unknown) => void;

/** Maps name some of the members; lists are compared in full. */
function partial(path: string, want: unknown, got: unknown, differ: Differ): void {
  if (Array.isArray(want)) {
    if (!Array.isArray(got)) {
      differ(path, want, got);
      return;
    }
    if (want.length !== got.length) differ(`${path}.length`, want.length, got.length);
    for (const [i, one] of want.entries()) if (i < got.length) partial(`${path}[${i}]`, one, got[i], differ);
  } else if (isMap(want)) {
    if (!isMap(got)) {
      differ(path, want, got);
      return;
    }
    for (const [key, one] of Object.entries(want))
      partial(`${path}.${key}`, one, Object.hasOwn(got, key) ? got[key] : undefined, differ);
  } else if (want !== got) differ(path, want, got);
}

function counts(
  path: string,
  want: Readonly<Record<string, number>>,
  got: Readonly<Record<string, number>>,
  differ: Differ,
): void {
  for (const key of new Set([...Object.keys(want), ...Object.keys(got)])) {
    if ((want[key] ?? 0) !== (got[key] ?? 0)) differ(`${path}.${key}`, want[key] ?? 0, got[key] ?? 0);
  }
}

function compareRequests(
  want: NonNullable<TestCase["expect"]["requests"]>,
  got: Outcome["requests"],
  differ: Differ,
): void {
  const exact = want.map(({ notBeforeMs: _, ...request }) => request);
  partial("requests", exact, got, differ);
  for (const [i, { notBeforeMs }] of want.entries()) {
    const at = got[i]?.atMs;
    if (notBeforeMs !== undefined && at !== undefined && at < notBeforeMs)
      differ(`requests[${i}].atMs`, `at least ${notBeforeMs}`, at);
  }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}…`;
}
