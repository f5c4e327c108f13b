// Lets through what is switched on for export, as LaunchDarkly does before its own destinations (LaunchDarkly
// docs, "Export event data for flags and environments"):
//
//   environment not listed            dropped
//   feature                           its flag is on, or all flags are, or the event is part of an experiment
//   click, pageview, custom, alias    the environment's events are on, or all flags are
//   any other kind                    passes: what follows knows better what to do with it, and says so
//   test event                        passes: someone is waiting for it

import Type from "typebox";

import { defineTransform, Drop, type EnvironmentExport } from "../engine/contracts.ts";
import { checkEnvelope, envelopeRejects, isObject, kindOf, type EventDocument } from "../events/envelope.ts";
import { isTestEvent } from "../events/test-event.ts";

/** One Drop per flag or environment, so that dropping allocates nothing; beyond this many, a new one each time. */
const MAX_KNOWN_DETAILS = 10_000;
/** Flag keys have at most 256 characters at LaunchDarkly; a longer text is not worth remembering. */
const MAX_KNOWN_CHARACTERS = 256;

export default defineTransform({
  type: "filter-enabled",
  summary: "Lets through the events whose flag or environment is switched on for export.",
  config: Type.Object(
    {
      experiments: Type.Boolean({
        default: true,
        description:
          "Whether an evaluation that is part of an experiment (`reason.inExperiment`) passes though its flag is off, as it does at LaunchDarkly.",
      }),
    },
    { additionalProperties: false },
  ),
  example: { experiments: false },
  accepts: "export-event",
  emits: "export-event",
  drops: {
    "environment-not-enabled":
      "The event's environment is not listed in the enablement; the detail names it.",
    "flag-not-enabled": "The flag is off in its environment; the detail is the flag's key.",
    "events-not-enabled":
      "Click, page view, custom and alias events are off in the environment; the detail is the kind.",
  },
  rejects: { ...envelopeRejects },
  create({ experiments }, { enablement }) {
    const environmentNotEnabled = dropsBy("environment-not-enabled");
    const flagNotEnabled = dropsBy("flag-not-enabled");
    const eventsNotEnabled = dropsBy("events-not-enabled");
    const decide = (event: EventDocument, exported: EnvironmentExport): Drop | undefined => {
      switch (kindOf(event)) {
        case "feature":
          return isFlagOn(event, exported) || (experiments && isInExperiment(event))
            ? undefined
            : flagNotEnabled(event["key"]);
        case "click":
        case "pageview":
        case "custom":
        case "alias":
          return exported.events || exported.allFlags ? undefined : eventsNotEnabled(event["kind"]);
        default:
          return undefined;
      }
    };
    return {
      apply: (value) => {
        checkEnvelope(value);
        if (isTestEvent(value.event)) return value;
        const exported = enablement.forEnvironment(value.project, value.environment);
        if (!exported) return environmentNotEnabled(value.environment);
        return decide(value.event, exported) ?? value;
      },
    };
  },
});

function isFlagOn(event: EventDocument, exported: EnvironmentExport): boolean {
  const key = event["key"];
  return exported.allFlags || (typeof key === "string" && exported.flags.has(key));
}

function isInExperiment(event: EventDocument): boolean {
  const reason = event["reason"];
  return isObject(reason) && reason["inExperiment"] === true;
}

function dropsBy(reason: string): (detail: unknown) => Drop {
  const known = new Map<string, Drop>();
  return (detail) => {
    const text = typeof detail === "string" ? detail : "";
    const found = known.get(text);
    if (found) return found;
    const drop = new Drop(reason, text);
    if (known.size < MAX_KNOWN_DETAILS && text.length <= MAX_KNOWN_CHARACTERS) known.set(text, drop);
    return drop;
  };
}
