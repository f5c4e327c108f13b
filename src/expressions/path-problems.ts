// What a stage's `check` says about the paths in its configuration.

import type { StageProblem } from "../engine/contracts.ts";
import { type ExpressionProblem, placeIn } from "./expression-problem.ts";
import { isPath, parsePath, type PathOptions } from "./field-path.ts";

export type ConfigPath = readonly (string | number)[];

/** `target`: the field is going to be changed. */
export function* pathProblems(
  path: ConfigPath,
  text: string,
  options: PathOptions & { readonly target: boolean },
): Iterable<StageProblem> {
  const parsed = parsePath(text, options);
  if (!isPath(parsed)) return yield problemAt(path, text, "bad-path", parsed);
  if (!options.target) return;
  const [root, field] = parsed.steps;
  if (root !== "event" || field === undefined)
    return yield problemAt(path, text, "bad-path", {
      at: 0,
      message: "only fields below event can be changed",
    });
  const isSegment = Object.hasOwn(options.fields, "destination");
  const all = field !== undefined && typeof field !== "string";
  if (isSegment && (all || isProtected(field)))
    yield problemAt(path, text, "protected-field", {
      at: 0,
      message: `${text} would change ${all ? "all fields, messageId among them" : String(field)}`,
    });
}

const protectedFields: readonly unknown[] = ["type", "messageId", "timestamp"];

function isProtected(field: unknown): boolean {
  return protectedFields.includes(field);
}

export function problemAt(
  path: ConfigPath,
  text: string,
  code: string,
  problem: ExpressionProblem,
): StageProblem {
  return { path, code, message: `${placeIn(text, problem.at)}: ${problem.message}`, offset: problem.at };
}
