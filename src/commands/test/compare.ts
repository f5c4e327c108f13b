// What was expected against what came of it. Maps name some of the members, lists are compared in full; `drops` and
// `deadLetters` are compared in full, and so are `wholeEvents`.

import type { Expectation } from "../../config/test-expectation.ts";
import { align } from "./align.ts";
import type { Outcome } from "./run-case.ts";
import { gotOf, type Rule, rules } from "./expectations.ts";

export interface Difference {
  /** Below `expect`; empty: the run itself. */
  readonly path: readonly (string | number)[];
  /** The position in the file is that of the nearest thing above that is written there. */
  readonly kind: "changed" | "missing" | "unexpected" | "failed";
  readonly want?: unknown;
  readonly got?: unknown;
}

/** Empty: the case passed. */
export function differences(expect: Expectation, outcome: Outcome): Difference[] {
  const found: Difference[] = [];
  const { failure } = outcome;
  if (failure && expect.failure === undefined) found.push({ path: [], kind: "failed", got: failure.message });
  for (const [key, rule] of Object.entries(rules)) {
    const want = expect[key as keyof Expectation];
    if (want !== undefined) compare([key], want, gotOf(key, outcome), { rule, found });
  }
  return found;
}

interface Comparison {
  readonly rule: Rule;
  readonly found: Difference[];
}

function compare(path: Difference["path"], want: unknown, got: unknown, how: Comparison): void {
  const { rule, found } = how;
  const seen = rule.seen?.(path, want, got) ?? got;
  if (Array.isArray(want) && Array.isArray(seen)) compareLists(path, want, seen, how);
  else if (isMap(want) && isMap(seen)) {
    for (const [key, one] of Object.entries(want)) {
      const value = Object.hasOwn(seen, key) ? seen[key] : rule.absent;
      if (value === undefined) found.push({ path: [...path, key], kind: "missing", want: one });
      else compare([...path, key], one, value, how);
    }
    if (!rule.whole) return;
    for (const key of Object.keys(seen).filter((one) => !Object.hasOwn(want, one)))
      found.push({ path: [...path, key], kind: "unexpected", got: seen[key] });
  } else if (want !== seen) found.push({ path, kind: "changed", want, got: seen });
}

function compareLists(
  path: Difference["path"],
  want: readonly unknown[],
  got: readonly unknown[],
  how: Comparison,
): void {
  for (const pair of align(want, got, (one, other) => fits(path, one, other, how.rule))) {
    if (pair.got === undefined)
      how.found.push({ path: [...path, pair.want!], kind: "missing", want: want[pair.want!] });
    else if (pair.want === undefined)
      how.found.push({ path: [...path, pair.got], kind: "unexpected", got: got[pair.got] });
    else compare([...path, pair.want], want[pair.want], got[pair.got], how);
  }
}

export function fits(path: Difference["path"], want: unknown, got: unknown, rule: Rule): boolean {
  const found: Difference[] = [];
  compare([...path, 0], want, got, { rule, found });
  return found.length === 0;
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
