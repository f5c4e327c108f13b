// A pipeline file. This one definition gives validation, types, defaults, the editor schema and the docs. What
// a stage takes beside its `type` is defined by the stage.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how references are written.

import Type from "typebox";
import type { Static } from "typebox";

import { SecretText } from "./secret.ts";

/** Types of sinks that keep a dead letter safe before the record is acked. */
export const deadLetterTypes: readonly string[] = ["file", "pubsub"];

export const MIB = 1024 * 1024;

const type = Type.String({ description: "Which stage; the keys beside it are the stage's own." });

function stageOf(description: string) {
  return Type.Object({ type }, { description, additionalProperties: true });
}

/** Keys of the pipeline beside those of a sink. */
export const routingKeys = ["name", "when"] as const;
/** As long as an expression may be (see expressions/limits.ts). */
const MAX_WHEN_CHARACTERS = 2_000;
const MAX_SINKS = 16;

function sinkOf(description: string) {
  const name = Type.String({
    description: "Names the sink in metrics, logs and dead letters; its type when absent.",
    pattern: "^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
    maxLength: 63,
    "x-form": "lower-case words joined by dashes, such as archive",
    examples: ["archive"],
  });
  const when = Type.String({
    minLength: 1,
    maxLength: MAX_WHEN_CHARACTERS,
    description:
      "CEL expression; the sink takes an event when it is true, every event when absent. It sees what the transform `filter` sees.",
    examples: ["event.project == 'web'"],
  });
  return Type.Object(
    { type, name: Type.Optional(name), when: Type.Optional(when) },
    { description, additionalProperties: true },
  );
}

export const deadLetterWindow = Type.Object(
  {
    size: Type.Integer({
      description: "How many of the last values are looked at.",
      default: 1_000,
      minimum: 1,
      maximum: 1_000_000,
    }),
    max: Type.Integer({
      description: "How many of them may be dead letters; one more stops the pipeline.",
      default: 500,
      minimum: 0,
      maximum: 1_000_000,
    }),
  },
  {
    description:
      "Stops the pipeline when too much is dead-lettered: a schema change must not empty a topic into a file.",
    default: {},
  },
);

// No defaults in here: a branch of a union has none. They are filled in where the settings are used.
export const launchDarklyEnablement = Type.Object(
  {
    type: Type.Literal("launchdarkly"),
    accessToken: SecretText({
      maxLength: 512,
      description: "Access token of LaunchDarkly with a reader role, as a reference.",
    }),
    projects: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
        minItems: 1,
        maxItems: 1_000,
        description: "Project keys; all that the token may see when absent.",
      }),
    ),
    environments: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
        minItems: 1,
        maxItems: 1_000,
        description: "Environment keys; all when absent.",
      }),
    ),
    events: Type.Optional(
      Type.Boolean({
        description: "Whether click, page view and custom events are exported; true when absent.",
      }),
    ),
    pollMs: Type.Optional(
      Type.Integer({
        minimum: 5_000,
        maximum: 86_400_000,
        description: "How often LaunchDarkly is asked, in ms; 60000 when absent.",
      }),
    ),
    baseUrl: Type.Optional(
      Type.String({
        pattern: "^https?://[^\\s/?#@]+$",
        maxLength: 512,
        description: "LaunchDarkly's own, `https://app.launchdarkly.com`, when absent.",
      }),
    ),
  },
  { additionalProperties: false },
);

export type LaunchDarklySettings = Static<typeof launchDarklyEnablement>;

const keys = {
  name: Type.String({
    description: "Names the pipeline in logs, metrics and dead letters.",
    pattern: "^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
    maxLength: 63,
    "x-form": "lower-case words joined by dashes, such as launchdarkly-to-segment",
    examples: ["launchdarkly-to-segment"],
  }),
  description: Type.Optional(
    Type.String({ description: "What the pipeline is for, for people.", maxLength: 1_000 }),
  ),
  source: stageOf("Where records come from."),
  transforms: Type.Array(stageOf("One step."), {
    description: "What happens to each value, in this order.",
    default: [],
    maxItems: 50,
  }),
  sink: sinkOf("Where events go."),
  sinks: Type.Optional(
    Type.Array(sinkOf("One sink."), {
      description:
        "In place of `sink`: several, each with its own lanes, limits and health. Every event goes to each sink whose `when` is true for it, and is settled when all of them are done; one that no sink takes is dropped (`unrouted`).",
      minItems: 1,
      maxItems: MAX_SINKS,
    }),
  ),
  deadLetters: Type.Object(
    {
      type: Type.String({
        description: "Which sink keeps the dead letters; the keys beside it are its own.",
      }),
      window: deadLetterWindow,
    },
    {
      description:
        "Where data goes that can never be delivered. A record is acked only when its dead letter is safe.",
      additionalProperties: true,
    },
  ),
  destinations: Type.String({
    description: "File of the declared destinations.",
    default: "destinations.yaml",
    minLength: 1,
  }),
  enablement: Type.Union([Type.String({ minLength: 1 }), launchDarklyEnablement], {
    description:
      "File that says which flags and environments are exported; or `launchdarkly`, to ask LaunchDarkly's REST API with the token in `${LAUNCHDARKLY_ACCESS_TOKEN}`; or the same with settings.",
    default: "enablement.yaml",
  }),
  inFlight: Type.Object(
    {
      records: Type.Integer({
        description: "Most records taken from the source and not settled yet.",
        default: 10_000,
        minimum: 1,
        maximum: 1_000_000,
      }),
      bytes: Type.Integer({
        description: "Most bytes of them together.",
        default: 32 * MIB,
        minimum: MIB,
        maximum: 4_096 * MIB,
      }),
    },
    { description: "The bound on memory: the source waits while this much is under way.", default: {} },
  ),
  drainMs: Type.Integer({
    description: "How long a stop may take to deliver what is in flight, in ms; the rest is given back.",
    default: 20_000,
    minimum: 0,
    maximum: 600_000,
  }),
};

const about = { description: "A Sluice pipeline.", title: "Sluice pipeline" };

export const pipelineFile = Type.Object(keys, about);
/** The same with `sinks` in place of `sink`. */
export const routedPipelineFile = Type.Object({ ...keys, sink: Type.Optional(keys.sink) }, about);

export type PipelineFile = Static<typeof routedPipelineFile>;
