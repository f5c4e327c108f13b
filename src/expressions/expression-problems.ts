// What a stage's `check` says about the expressions in its configuration. CEL is loaded with this file.

import type { StageProblem } from "../engine/contracts.ts";
import { compileExpression, type ExpressionOptions } from "./expression.ts";
import { type ConfigPath, problemAt } from "./path-problems.ts";

export function* expressionProblems(
  path: ConfigPath,
  text: string,
  options: ExpressionOptions,
): Iterable<StageProblem> {
  const compiled = compileExpression(text, options);
  if ("expression" in compiled) return;
  for (const problem of compiled.problems) yield problemAt(path, text, "bad-expression", problem);
}
