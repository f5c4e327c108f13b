import { defineTransform } from "../engine/contracts.ts";
import { envelopeRejects } from "../events/envelope.ts";
import { expressionRejects } from "../expressions/rejects.ts";
import { config } from "./map-fields/config.ts";

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
  check: async (settings) => (await checks()).checkSteps(settings),
  create: async (settings, context) => (await work()).createMapFields(settings, context),
});

/** CEL is loaded when a pipeline has such a stage. */
function checks() {
  return import("./map-fields/check-steps.ts");
}

function work() {
  return import("./map-fields/create.ts");
}
