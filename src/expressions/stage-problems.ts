// What a stage's `check` says about the expressions and paths in its configuration.

import type { StageProblem } from "../engine/contracts.ts";
import { compileExpression, type ExpressionOptions } from "./expression.ts";
import { type ExpressionProblem, placeIn } from "./expression-problem.ts";
import { isPath, parsePath, type PathOptions } from "./field-path.ts";

type ConfigPath = readonly (string | number)[];

export function* expressionProblems(
  path: ConfigPath,
  text: string,
  options: ExpressionOptions,
): Iterable<StageProblem> {
  const compiled = compileExpression(text, options);
  if ("expression" in compiled) return;
  for (const problem of compiled.problems) yield at(path, text, "bad-expression", problem);
}

/** `target`: the field is going to be changed. */
export function* pathProblems(
  path: ConfigPath,
  text: string,
  options: PathOptions & { readonly target: boolean },
): Iterable<StageProblem> {
  const parsed = parsePath(text, options);
  if (!isPath(parsed)) return yield at(path, text, "bad-path", parsed);
  if (!options.target) return;
  const [root, field] = parsed.steps;
  if (root !== "event" || field === undefined)
    return yield at(path, text, "bad-path", { at: 0, message: "only fields below event can be changed" });
  const isSegment = Object.hasOwn(options.fields, "destination");
  const all = field !== undefined && typeof field !== "string";
  if (isSegment && (all || isProtected(field)))
    yield at(path, text, "protected-field", {
      at: 0,
      message: `${text} would change ${all ? "all fields, messageId among them" : String(field)}`,
    });
}

const protectedFields: readonly unknown[] = ["type", "messageId", "timestamp"];

function isProtected(field: unknown): boolean {
  return protectedFields.includes(field);
}

function at(path: ConfigPath, text: string, code: string, problem: ExpressionProblem): StageProblem {
  return { path, code, message: `${placeIn(text, problem.at)}: ${problem.message}`, offset: problem.at };
}
