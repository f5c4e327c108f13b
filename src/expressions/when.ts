// `when` of a sink: a CEL expression like that of the transform `filter`, over the values that reach the sinks.

import type { Logger, Origin, Shape, StageProblem } from "../engine/contracts.ts";
import type { Clock } from "../engine/clock.ts";
import { DataError } from "../engine/errors.ts";
import { Evaluator } from "./evaluator.ts";
import { compileExpression } from "./expression.ts";
import { expressionProblems } from "./expression-problems.ts";
import type { EventShape } from "./known-fields.ts";
import { scopeOf } from "./scope.ts";

export interface When {
  readonly text: string;
  readonly shape: EventShape;
}

/** An expression sees fields, so it needs events: bytes have none. */
export function isEventShape(shape: Shape | undefined): shape is EventShape {
  return shape === "export-event" || shape === "segment-event";
}

export function whenProblems({ text, shape }: When): Iterable<StageProblem> {
  const scope = scopeOf(shape, { repeatable: false });
  return expressionProblems([], text, { scope, gives: "true-or-false" });
}

/**
 * Test events are routed like others: who sends one wants to see where it goes. Throws DataError `expression-failed`
 * or `expression-too-slow`.
 */
export function predicateOf(
  { text, shape }: When,
  world: { readonly clock: Clock; readonly log: Logger },
): (value: unknown, origin: Origin) => boolean {
  const scope = scopeOf(shape, { repeatable: false });
  const compiled = compileExpression(text, { scope, gives: "true-or-false" });
  if ("problems" in compiled) throw new Error("an expression that was not checked at load");
  const evaluator = new Evaluator(compiled.expression, scope, world);
  return (value, origin) => {
    const verdict = evaluator.evaluate(value, origin);
    if (typeof verdict === "boolean") return verdict;
    throw new DataError("expression-failed", `when must be true or false, but is a ${typeof verdict}`);
  };
}
