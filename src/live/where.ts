// The condition of a tap. Apart, because it brings the expression language with it.

import type { Shape } from "../engine/contracts.ts";
import { Evaluator } from "../expressions/evaluator.ts";
import { compileExpression } from "../expressions/expression.ts";
import { type ExpressionProblem, placeIn } from "../expressions/expression-problem.ts";
import { type Scope, scopeOf } from "../expressions/scope.ts";
import { BadTap, type CompilePredicate } from "./tap.ts";

export const predicateOf: CompilePredicate = (where, shape, world) => {
  const scope = whereScope(shape);
  const compiled = compileExpression(where, { scope, gives: "true-or-false" });
  if ("problems" in compiled) throw new BadTap(explain(where, compiled.problems), "where");
  const evaluator = new Evaluator(compiled.expression, scope, world);
  return (value, origin) => evaluator.evaluate(value, origin);
};

function whereScope(shape: Shape): Scope {
  if (shape === "export-event" || shape === "segment-event") return scopeOf(shape, { repeatable: false });
  throw new BadTap(
    "An expression needs decoded events: choose a stage that export or Segment events leave.",
    "where",
  );
}

function explain(where: string, problems: readonly ExpressionProblem[]): string {
  return problems.map(({ at, message }) => `${placeIn(where, at)}: ${message}`).join("; ");
}
