// A pipeline file. This one definition gives validation, types, defaults, the editor schema and the docs. What
// a stage takes beside its `type` is defined by the stage.

import Type from "typebox";
import type { Static } from "typebox";

/** Types of sinks that keep a dead letter safe before the record is acked. */
export const deadLetterTypes: readonly string[] = ["file", "pubsub"];

export const MIB = 1024 * 1024;

function stageOf(description: string) {
  const type = Type.String({ description: "Which stage; the keys beside it are the stage's own." });
  return Type.Object({ type }, { description, additionalProperties: true });
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

export const pipelineFile = Type.Object(
  {
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
    sink: stageOf("Where events go."),
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
    enablement: Type.String({
      description: "File that says which flags and environments are exported.",
      default: "enablement.yaml",
      minLength: 1,
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
  },
  { description: "A Sluice pipeline.", title: "Sluice pipeline" },
);

export type PipelineFile = Static<typeof pipelineFile>;
