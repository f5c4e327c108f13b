// A `*.test.yaml` file: records that are given to a pipeline, what Segment answers, and what has to come of it.

import Type from "typebox";
import type { Static } from "typebox";

import type { DeclaredFile } from "./declared.ts";

const MAX_RECORDS = 10_000;
const MAX_CASES = 500;

const given = Type.Object(
  {
    json: Type.Optional(Type.Unknown({ description: "The body as the JSON text of this value." })),
    text: Type.Optional(Type.String({ description: "The body as this text." })),
    base64: Type.Optional(
      Type.String({ description: "The body as these bytes: Avro, or something broken." }),
    ),
    attributes: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: "The message's attributes." }),
    ),
    times: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: MAX_RECORDS,
      description: "How often it is given.",
    }),
  },
  { additionalProperties: false, description: "One record: one of json, text and base64." },
);

const answer = Type.Object(
  {
    status: Type.Integer({ default: 200, minimum: 100, maximum: 599, description: "HTTP status." }),
    retryAfter: Type.Optional(Type.String({ description: "Value of the header Retry-After." })),
    body: Type.String({ default: "", maxLength: 1_000, description: "Body of the answer." }),
    cut: Type.Boolean({ default: false, description: "The connection breaks instead: no status, nothing." }),
    times: Type.Integer({ default: 1, minimum: 1, maximum: 1_000, description: "For so many requests." }),
  },
  { additionalProperties: false, description: "What Segment says to one request." },
);

const count = Type.Integer({ minimum: 0 });

const expected = Type.Object(
  {
    events: Type.Optional(
      Type.Array(Type.Unknown(), {
        description:
          "The delivered events, in the order of delivery. A map names some of an event's fields; the others are not looked at.",
      }),
    ),
    delivered: Type.Optional(Type.Integer({ minimum: 0, description: "How many events were delivered." })),
    drops: Type.Optional(Type.Record(Type.String(), count, { description: "All drops, by reason." })),
    deadLetters: Type.Optional(
      Type.Record(Type.String(), count, { description: "All dead letters, by code." }),
    ),
    acked: Type.Optional(Type.Integer({ minimum: 0, description: "How many records were acked." })),
    requests: Type.Optional(
      Type.Array(
        Type.Object(
          {
            atMs: Type.Optional(
              Type.Integer({ minimum: 0, description: "When it was sent, in ms from the start." }),
            ),
            notBeforeMs: Type.Optional(
              Type.Integer({ minimum: 0, description: "When it was sent at the earliest." }),
            ),
            events: Type.Optional(Type.Integer({ minimum: 0, description: "How many events it had." })),
            status: Type.Optional(
              Type.Integer({ description: "What Segment answered; 0 when the connection broke." }),
            ),
          },
          { additionalProperties: false },
        ),
        { description: "The requests to Segment, all of them, in order." },
      ),
    ),
  },
  { additionalProperties: false, description: "What has to come of it. What is not named is not looked at." },
);

export const testFile = Type.Object(
  {
    pipeline: Type.String({ minLength: 1, description: "The pipeline's file, from this file's folder." }),
    env: Type.Record(Type.String(), Type.String(), {
      default: {},
      description:
        "Environment variables. The real ones are not used; secrets that are not named get a placeholder.",
    }),
    cases: Type.Array(
      Type.Object(
        {
          name: Type.String({ minLength: 1, description: "A sentence about what has to be." }),
          given: Type.Array(given, { maxItems: MAX_RECORDS, description: "The records, in order." }),
          segment: Type.Array(answer, {
            default: [],
            description: "What Segment answers, request by request; 200 when the list has ended.",
          }),
          expect: expected,
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: MAX_CASES, description: "Each runs on its own." },
    ),
  },
  { additionalProperties: false, description: "Tests of a pipeline.", title: "Sluice pipeline test" },
);

export type TestFile = Static<typeof testFile>;
export type TestCase = TestFile["cases"][number];

export const declaredTest: DeclaredFile<TestFile> = {
  schema: testFile,
  owner: "the test file",
  maxBytes: 4 * 1024 * 1024,
  *check(value) {
    // The schema has been checked.
    for (const [i, { given }] of (value as TestFile).cases.entries()) {
      for (const [j, record] of given.entries()) {
        const bodies = (["json", "text", "base64"] as const).filter((key) => record[key] !== undefined);
        if (bodies.length === 1) continue;
        const has = bodies.length === 0 ? "none of them" : bodies.join(" and ");
        const message = `a record needs one of json, text and base64; this one has ${has}`;
        yield { path: ["cases", i, "given", j], code: "bad-record", message };
      }
    }
  },
  build: (value) => value as TestFile,
};
