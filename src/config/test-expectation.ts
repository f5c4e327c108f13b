// The half of a `*.test.yaml` case that says what has to come of it.

import Type from "typebox";
import type { Static } from "typebox";

const count = Type.Integer({ minimum: 0 });
const optionalCount = (description: string) => Type.Optional(Type.Integer({ minimum: 0, description }));

const request = Type.Object(
  {
    destination: Type.Optional(Type.String({ description: "The id of the destination it went to." })),
    atMs: optionalCount("When it was sent, in ms from the start."),
    notBeforeMs: optionalCount("When it was sent at the earliest."),
    events: optionalCount("How many events it had."),
    bytes: optionalCount("How many bytes its body had."),
    status: optionalCount("What Segment answered; 0 when the connection broke."),
    body: Type.Optional(
      Type.Unknown({
        description:
          "A text: the exact body. A map: some of the fields of its JSON; the others are not looked at.",
      }),
    ),
  },
  { additionalProperties: false },
);

const limited = Type.Object(
  {
    waitedMs: optionalCount("How long events waited for the rate limit, in ms."),
    mostEventsPerSecond: optionalCount("Most events sent in any second, wherever it begins."),
    mostRequestsPerSecond: optionalCount("Most requests sent in any second, wherever it begins."),
  },
  { additionalProperties: false },
);

export const expected = Type.Object(
  {
    events: Type.Optional(
      Type.Array(Type.Unknown(), {
        description:
          "The delivered events, in the order of delivery. A map names some of an event's fields; the others are not looked at.",
      }),
    ),
    wholeEvents: Type.Optional(
      Type.Array(Type.Unknown(), {
        description: "The same, with every field: one that is not named must not be there.",
      }),
    ),
    sinks: Type.Optional(
      Type.Record(Type.String(), Type.Union([count, Type.Array(Type.Unknown())]), {
        description:
          "For a pipeline of several sinks: by name of the sink, how many events were delivered to it, or which.",
      }),
    ),
    delivered: optionalCount("How many events were delivered."),
    drops: Type.Optional(Type.Record(Type.String(), count, { description: "All drops, by reason." })),
    deadLetters: Type.Optional(
      Type.Record(Type.String(), count, { description: "All dead letters, by code." }),
    ),
    acked: optionalCount("How many records were acked."),
    requests: Type.Optional(
      Type.Array(request, { description: "The requests to Segment, all of them, in order." }),
    ),
    limiter: Type.Optional(
      Type.Record(Type.String(), limited, { description: "What the rate limit did, by destination id." }),
    ),
    failure: Type.Optional(
      Type.String({
        description: "The code with which the run ends, when it has to fail: `dead-letter-window`.",
      }),
    ),
  },
  { additionalProperties: false, description: "What has to come of it. What is not named is not looked at." },
);

export type Expectation = Static<typeof expected>;
