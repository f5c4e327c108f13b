// `--code --stage --destination --pipeline --id --since --until`: which letters a command is about. A letter fits when
// it has one of the values given for each option.

import type { DeadLetter } from "../../engine/dead-letters.ts";
import { timeProblems } from "../../transforms/filter-time.ts";
import { UsageError } from "../exit-code.ts";

export type LetterFilter = (letter: DeadLetter) => boolean;

export interface FilterOptions {
  readonly code?: readonly string[] | undefined;
  readonly stage?: readonly string[] | undefined;
  readonly destination?: readonly string[] | undefined;
  readonly pipelineName?: readonly string[] | undefined;
  readonly id?: readonly string[] | undefined;
  /** ISO 8601, of the time of failure: from `since` on, before `until`. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** Throws UsageError for a text that is not a time. */
export function letterFilter(options: FilterOptions): LetterFilter {
  const { since, until } = options;
  const config = { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) };
  for (const problem of timeProblems(config)) throw new UsageError(`--${problem.message}`);
  const sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(since);
  const untilMs = until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until);
  const code = oneOf(options.code);
  const stage = oneOf(options.stage);
  const destination = oneOf(options.destination);
  const pipeline = oneOf(options.pipelineName);
  const id = oneOf(options.id);
  return (letter) => {
    if (!code(letter.code) || !stage(letter.stage) || !destination(letter.destination)) return false;
    if (!pipeline(letter.pipeline) || !id(letter.id)) return false;
    const failedAtMs = Date.parse(letter.failedAt);
    return failedAtMs >= sinceMs && failedAtMs < untilMs;
  };
}

function oneOf(wanted: readonly string[] | undefined): (value: string | undefined) => boolean {
  if (wanted === undefined || wanted.length === 0) return () => true;
  const values = new Set(wanted);
  return (value) => value !== undefined && values.has(value);
}
