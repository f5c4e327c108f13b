// Dead letters as the REST API shows them.

import Type, { type Static } from "typebox";

import { letterFacts } from "../live/shapes/trace.ts";

const facts = { ...letterFacts, attempt: Type.Integer() };

export const letterRep = Type.Object(
  { ...facts, bodyBytes: Type.Integer() },
  { description: "A dead letter without its body." },
);

export const wholeLetterRep = Type.Object(
  {
    ...facts,
    state: Type.String({ description: "open (waits for a redrive), redriven, or repeated." }),
    configVersion: Type.String(),
    redrives: Type.Optional(Type.Integer()),
    publishedAt: Type.Optional(Type.String()),
    attributes: Type.Record(Type.String(), Type.String()),
    body: Type.Object({
      bytes: Type.Integer(),
      kind: Type.String({ description: "What it was taken for: JSON, Avro, bytes or nothing." }),
      text: Type.String({ description: "As people read it; cut when it is very long." }),
    }),
  },
  { description: "A dead letter with its body, decoded." },
);

export const groupRep = Type.Object({
  pipeline: Type.String(),
  code: Type.String(),
  stage: Type.String(),
  destination: Type.Optional(
    Type.String({ description: "Absent: it failed before it was known who gets it." }),
  ),
  letters: Type.Integer({ description: "Lines, repetitions included." }),
  open: Type.Integer({ description: "Waiting for a redrive." }),
  first: Type.String(),
  last: Type.String(),
});

export const groupsRep = Type.Object({
  items: Type.Array(groupRep, { description: "Those with most letters first." }),
  isPart: Type.Boolean({ description: "Whether only the newest 64 MiB of a pipeline's files were read." }),
  elsewhere: Type.Array(Type.Object({ pipeline: Type.String(), message: Type.String() }), {
    description: "Pipelines whose letters are not kept in files here.",
  }),
});

const text = (description: string) => Type.Optional(Type.String({ maxLength: 300, description }));

export const redriveBody = Type.Object(
  {
    pipeline: Type.String({ maxLength: 63 }),
    code: text("Only this code. Letters of code crash-loop are redriven only so."),
    stage: text("Only what failed in this stage."),
    destination: text("Only what this destination missed."),
    id: text("Only the record with this id."),
    dryRun: Type.Boolean({
      default: false,
      description: "Does everything but send: nothing is written, nothing is marked.",
    }),
  },
  { additionalProperties: false },
);

export const redriveRep = Type.Object({
  pipeline: Type.String(),
  state: Type.String({ description: "running, done or failed." }),
  dryRun: Type.Boolean(),
  startedAt: Type.String(),
  endedAt: Type.Optional(Type.String()),
  read: Type.Integer({ description: "Letters that were looked at." }),
  redriven: Type.Integer({ description: "Letters that are dealt with." }),
  delivered: Type.Integer(),
  dropped: Type.Integer(),
  failedAgain: Type.Integer({ description: "New letters." }),
  left: Type.Record(Type.String(), Type.Integer(), { description: "Letters that wait still, by reason." }),
  error: Type.Optional(Type.String()),
});

export const redrivesRep = Type.Object({ items: Type.Array(redriveRep) });

export type LetterView = Static<typeof letterRep>;
export type WholeLetterView = Static<typeof wholeLetterRep>;
export type GroupsView = Static<typeof groupsRep>;
export type GroupView = Static<typeof groupRep>;
export type RedriveAnswer = Static<typeof redriveRep>;
export type RedriveRequest = Static<typeof redriveBody>;
