import Type, { type Static } from "typebox";

import { defineTransform } from "../engine/contracts.ts";
import { envelopeRejects } from "../events/envelope.ts";
import { MAX_EXPRESSION_CHARACTERS } from "../expressions/limits.ts";
import { onShape } from "../expressions/on-shape.ts";
import { expressionRejects } from "../expressions/rejects.ts";

const config = Type.Object(
  {
    on: onShape,
    by: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: MAX_EXPRESSION_CHARACTERS,
        description:
          "What tells events apart: a path such as event.userId, or a CEL expression, which sees what that of a filter sees. Without it, the event itself: its id (or all of it) within its project and environment; of a Segment event the messageId, which is of one destination. An event for which it is missing, null or empty is never a duplicate.",
      }),
    ),
    windowMs: Type.Integer({
      default: 600_000,
      minimum: 1_000,
      maximum: 86_400_000,
      description:
        "For how long after the first event another one with its key is a duplicate, in ms. While the first is on its way it always is.",
    }),
    maxKeys: Type.Integer({
      default: 100_000,
      minimum: 1,
      maximum: 5_000_000,
      description:
        "Keys kept at most, some 300 bytes each; the oldest is forgotten first, and its duplicates pass. At 900 events a second, 100,000 keys are 110 s.",
    }),
    onError: Type.Union([Type.Literal("dead-letter"), Type.Literal("keep")], {
      default: "dead-letter",
      description: "What happens to an event for which the expression cannot be worked out.",
    }),
  },
  { additionalProperties: false },
);

export type DedupeConfig = Static<typeof config>;

/** Test events pass: someone is waiting for each of them. */
export default defineTransform({
  type: "dedupe",
  summary:
    "Lets each event through once: drops what has the key of an earlier one, but only when that one is safe. What it knows lives as long as the run.",
  config,
  example: {
    on: "export-event",
    by: "event.kind + ':' + event.id",
    windowMs: 900_000,
    maxKeys: 200_000,
    onError: "keep",
  },
  accepts: "any",
  emits: "any",
  shapeOf: ({ on }) => on,
  drops: {
    duplicate:
      "An earlier event has the same key, not longer ago than windowMs, and was delivered, dropped by a rule or dead-lettered. What is redriven from the dead letters is never a duplicate.",
  },
  rejects: { ...envelopeRejects, ...expressionRejects },
  check: async (settings) => (await work()).dedupeProblems(settings),
  create: async (settings, context) => (await work()).createDedupe(settings, context),
});

/** CEL is loaded when a pipeline has such a stage. */
function work() {
  return import("./dedupe/create.ts");
}
