// What a filter does with its expression, at load and at run time. CEL is loaded with this file.

import { Drop, type RunContext, type StageProblem, type Transform } from "../../engine/contracts.ts";
import { DataError } from "../../engine/errors.ts";
import { Evaluator } from "../../expressions/evaluator.ts";
import { compileExpression } from "../../expressions/expression.ts";
import { scopeOf } from "../../expressions/scope.ts";
import { expressionProblems } from "../../expressions/expression-problems.ts";
import type { FilterConfig } from "../filter.ts";

export function* filterProblems({ on, keep }: FilterConfig): Iterable<StageProblem> {
  const scope = scopeOf(on, { repeatable: false });
  yield* expressionProblems(["keep"], keep, { scope, gives: "true-or-false" });
}

export function createFilter(
  { on, keep, label, onError }: FilterConfig,
  { clock, log }: RunContext,
): Transform {
  const scope = scopeOf(on, { repeatable: false });
  const compiled = compileExpression(keep, { scope, gives: "true-or-false" });
  if ("problems" in compiled) throw new Error("an expression that was not checked at load");
  const evaluator = new Evaluator(compiled.expression, scope, { clock, log });
  const filtered = new Drop("filtered", label);
  const failed = new Drop("filter-failed", label);
  return {
    apply(value, origin) {
      if (scope.isTest(value)) return value;
      try {
        const verdict = evaluator.evaluate(value, origin);
        if (verdict === true) return value;
        if (verdict === false) return filtered;
        throw new DataError("expression-failed", `keep must be true or false, but is a ${typeof verdict}`);
      } catch (error) {
        if (!(error instanceof DataError) || error.code !== "expression-failed") throw error;
        if (onError === "dead-letter") throw error;
        return onError === "keep" ? value : failed;
      }
    },
  };
}
