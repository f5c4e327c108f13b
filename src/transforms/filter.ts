import Type from "typebox";

import { defineTransform, Drop, type StageProblem } from "../engine/contracts.ts";
import { DataError } from "../engine/errors.ts";
import { envelopeRejects } from "../events/envelope.ts";
import { compileExpression } from "../expressions/expression.ts";
import { Evaluator, expressionRejects } from "../expressions/evaluator.ts";
import { MAX_EXPRESSION_CHARACTERS } from "../expressions/limits.ts";
import { onShape } from "../expressions/on-shape.ts";
import { scopeOf } from "../expressions/scope.ts";
import { expressionProblems } from "../expressions/stage-problems.ts";

const config = Type.Object(
  {
    on: onShape,
    keep: Type.String({
      minLength: 1,
      maxLength: MAX_EXPRESSION_CHARACTERS,
      description:
        "CEL expression; an event goes on when it is true. It sees `event`, `attributes` and `origin` (id, publishedAtMs, attempt), with export events also `project` and `environment`, with Segment events `destination` (id, name, environment). For regular expressions there is `re(text, 'pattern')` (RE2).",
    }),
    label: Type.String({
      default: "",
      maxLength: 60,
      description: "Shown beside the reason of each drop, to tell several filters apart.",
    }),
    onError: Type.Union([Type.Literal("dead-letter"), Type.Literal("keep"), Type.Literal("drop")], {
      default: "dead-letter",
      description:
        "What happens to an event for which the expression cannot be worked out, for example because a field is missing.",
    }),
  },
  { additionalProperties: false },
);

/**
 * Test events pass: someone is waiting for them. An expression that was switched off for being slow dead-letters
 * whatever `onError` says: the pipeline then stops by its dead-letter window instead of deciding without it.
 */
export default defineTransform({
  type: "filter",
  summary: "Lets through the events for which an expression of your own is true.",
  config,
  example: {
    on: "export-event",
    keep: "event.kind != 'feature' || event.key in ['checkout', 'search'] || re(event.key, '^exp-')",
    label: "our flags",
    onError: "drop",
  },
  accepts: "any",
  emits: "any",
  shapeOf: ({ on }) => on,
  drops: {
    filtered: "The expression of a filter is not true for the event; the detail is the filter's label.",
    "filter-failed": "The filter's expression could not be worked out, and its onError is drop.",
  },
  rejects: { ...envelopeRejects, ...expressionRejects },
  *check({ on, keep }): Iterable<StageProblem> {
    const scope = scopeOf(on, { repeatable: false });
    yield* expressionProblems(["keep"], keep, { scope, gives: "true-or-false" });
  },
  create({ on, keep, label, onError }, { clock, log }) {
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
  },
});
