import { defineTransform, type Origin } from "../engine/contracts.ts";
import { DataError } from "../engine/errors.ts";
import { envelopeRejects } from "../events/envelope.ts";
import { expressionRejects } from "../expressions/evaluator.ts";
import { scopeOf } from "../expressions/scope.ts";
import { checkSteps, config } from "./map-fields/config.ts";
import { compileStep } from "./map-fields/step.ts";

/** Deterministic: expressions see nothing that differs between two deliveries of the same event. */
export default defineTransform({
  type: "map-fields",
  summary: "Sets, renames, removes and fills in fields of an event.",
  config,
  example: {
    on: "export-event",
    steps: [
      { set: 'event["team"]', value: "growth" },
      { set: "event.data.source", from: "attributes.source" },
      { set: "event.data.isRollout", cel: "event.?reason.?kind.orValue('') == 'FALLTHROUGH'" },
      { default: "event.variationName", value: "unnamed" },
      { rename: "event.url", to: "event.data.page.url" },
      { remove: "event.user.custom.*" },
    ],
    onError: "skip-step",
  },
  accepts: "any",
  emits: "any",
  shapeOf: ({ on }) => on,
  rejects: {
    ...envelopeRejects,
    ...expressionRejects,
    "field-blocked":
      "A field cannot be set because a text, a number or a list stands where an object is needed. Set the outer field first, or set onError: skip-step.",
  },
  check: checkSteps,
  create({ on, steps, onError }, world) {
    const scope = scopeOf(on, { repeatable: true });
    const changes = steps.map((step) => compileStep(step, scope, world));
    const mayFail = (error: unknown) =>
      onError === "skip-step" && error instanceof DataError && error.code !== "expression-too-slow";
    return {
      apply(value: unknown, origin: Origin) {
        let current = value;
        for (const change of changes) {
          const event = scope.event(current);
          try {
            const changed = change(event, current, origin);
            if (changed !== event) current = scope.withEvent(current, changed);
          } catch (error) {
            if (!mayFail(error)) throw error;
          }
        }
        return current;
      },
    };
  },
});
