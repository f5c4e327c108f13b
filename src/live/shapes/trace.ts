import Type, { type Static } from "typebox";

const at = (description: string) => Type.String({ description: `${description} ISO 8601 with ms, UTC.` });

export const traceStepRep = Type.Object(
  {
    at: at("When."),
    what: Type.String({
      description:
        "received, dropped, rejected (it becomes a dead letter), delivered, dead-lettered, given-back, or in-flight (now).",
    }),
    stage: Type.Optional(Type.String()),
    reason: Type.Optional(Type.String({ description: "Of a drop." })),
    code: Type.Optional(Type.String({ description: "Of a rejection or dead letter." })),
    message: Type.Optional(Type.String()),
    attempt: Type.Optional(
      Type.Integer({
        description: "received: the delivery attempt that the source told. delivered: the try of the write.",
      }),
    ),
    destination: Type.Optional(Type.String()),
    messageId: Type.Optional(Type.String()),
    write: Type.Optional(Type.Integer({ description: "Number of the write in its lane, from 1." })),
    status: Type.Optional(Type.Integer({ description: "HTTP status." })),
    requestId: Type.Optional(
      Type.String({ description: "The receiver's own id of the request, when it tells one." }),
    ),
    tookMs: Type.Optional(Type.Number({ description: "From sending to the answer." })),
    lanes: Type.Optional(
      Type.Array(Type.Object({ name: Type.String(), state: Type.String() }), {
        description: "in-flight: the lanes in which it waits.",
      }),
    ),
  },
  { description: "One thing that happened to the event." },
);

export const tracePathRep = Type.Object(
  {
    pipeline: Type.String(),
    id: Type.String({ description: "The record: Pub/Sub message id, or file:offset#index." }),
    eventId: Type.Optional(Type.String()),
    state: Type.String({
      description:
        "in-flight; settled (all that is known of it ended: delivered, dropped or dead-lettered); given-back; or unknown (it is not in hand, and its end is not in the index).",
    }),
    steps: Type.Array(traceStepRep, {
      description: "Oldest first. A redelivered record is received several times.",
    }),
  },
  { description: "One record's way through one pipeline." },
);

/** What is told of a dead letter wherever one is shown. */
export const letterFacts = {
  pipeline: Type.String(),
  place: Type.String({ description: "file:line" }),
  id: Type.String(),
  stage: Type.String(),
  code: Type.String(),
  message: Type.String(),
  failedAt: Type.String(),
  destination: Type.Optional(Type.String()),
};

export const traceLetterRep = Type.Object(
  {
    ...letterFacts,
    state: Type.String({ description: "open (waits for a redrive), redriven or repeated." }),
  },
  { description: "A dead letter on the disk that has this id, or whose body holds it." },
);

export const traceRep = Type.Object(
  {
    id: Type.String({ description: "As asked." }),
    found: Type.Boolean(),
    note: Type.String({
      description: "The answer in a sentence, for people: what was found, or why nothing was.",
    }),
    index: Type.Object(
      {
        enabled: Type.Boolean({ description: "A backfill keeps none." }),
        since: Type.Union([
          at("The index is complete from here on; what is older has aged out."),
          Type.Null(),
        ]),
        startedAt: at("When the index began to be written."),
        agedOut: Type.Boolean({ description: "Whether anything has aged out." }),
        events: Type.Integer({ description: "Things that happened which the index holds." }),
        bytes: Type.Integer(),
        maxBytes: Type.Integer(),
        maxAgeSeconds: Type.Integer(),
      },
      { description: "What was searched." },
    ),
    paths: Type.Array(tracePathRep, { description: "Newest first, at most 20." }),
    deadLetters: Type.Array(traceLetterRep),
    deadLettersSearched: Type.String({
      description:
        "What of the dead letters was searched: all, newest (the newest 64 MB only), none (they are not kept in files).",
    }),
  },
  { description: "Where an event went and when." },
);

export type TraceStep = Static<typeof traceStepRep>;
export type TracePath = Static<typeof tracePathRep>;
export type TraceLetter = Static<typeof traceLetterRep>;
export type Trace = Static<typeof traceRep>;
