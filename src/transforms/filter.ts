import Type, { type Static } from "typebox";

import { defineTransform } from "../engine/contracts.ts";
import { envelopeRejects } from "../events/envelope.ts";
import { MAX_EXPRESSION_CHARACTERS } from "../expressions/limits.ts";
import { onShape } from "../expressions/on-shape.ts";
import { expressionRejects } from "../expressions/rejects.ts";

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

export type FilterConfig = Static<typeof config>;

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
  check: async (settings) => (await work()).filterProblems(settings),
  create: async (settings, context) => (await work()).createFilter(settings, context),
});

/** CEL is loaded when a pipeline has such a stage. */
function work() {
  return import("./filter/create.ts");
}
