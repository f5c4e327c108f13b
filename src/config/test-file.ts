// A `*.test.yaml` file: records that are given to a pipeline, what Segment answers, and what has to come of it. This one
// definition gives validation, types, defaults, the editor schema and the docs.

import Type from "typebox";
import type { Static } from "typebox";

import type { StageProblem } from "../engine/contracts.ts";
import type { DeclaredFile } from "./declared.ts";
import { expected } from "./test-expectation.ts";

const MAX_RECORDS = 10_000;
const MAX_CASES = 500;
const MAX_VIRTUAL_MS = 12 * 3_600_000;

const avro = Type.Object(
  {
    schema: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          "Schema file (`.avsc`), from this file's folder. Without it: the export event's, which ships with Sluice.",
      }),
    ),
    value: Type.Unknown({
      description:
        "The datum, as plain JSON. A value of a union takes its first branch that fits; name another as `{branch: value}`.",
    }),
    encoding: Type.Optional(
      Type.Union([Type.Literal("raw"), Type.Literal("single-object")], {
        description:
          "`raw` (when absent): the bare datum. `single-object`: with the fingerprint of its schema.",
      }),
    ),
  },
  { additionalProperties: false, description: "The body as a value in Avro." },
);

const given = Type.Object(
  {
    json: Type.Optional(Type.Unknown({ description: "The body as the JSON text of this value." })),
    text: Type.Optional(Type.String({ description: "The body as this text." })),
    base64: Type.Optional(Type.String({ description: "The body as these bytes: something broken, say." })),
    avro: Type.Optional(avro),
    file: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          "A record for every entry of this file, read as a backfill would: NDJSON, `.gz`, Avro containers, Pub/Sub archives. A path or a glob, from this file's folder.",
      }),
    ),
    attributes: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: "The message's attributes." }),
    ),
    atMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_VIRTUAL_MS,
        description: "When it arrives, in ms from the start; when absent, right after the one before it.",
      }),
    ),
    attempt: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: 100,
      description: "Which delivery this is: 2 for a message that comes again.",
    }),
    times: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: MAX_RECORDS,
      description: "How often it is given.",
    }),
  },
  { additionalProperties: false, description: "One record: one of json, text, base64, avro and file." },
);

const answer = Type.Object(
  {
    status: Type.Integer({ default: 200, minimum: 100, maximum: 599, description: "HTTP status." }),
    retryAfter: Type.Optional(Type.String({ description: "Value of the header Retry-After." })),
    headers: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: "Other headers, such as X-RateLimit-Reset." }),
    ),
    body: Type.String({ default: "", maxLength: 1_000, description: "Body of the answer." }),
    cut: Type.Union([Type.Literal(false), Type.Literal(true), Type.Literal("after-status")], {
      default: false,
      description:
        "`true`: the connection breaks before any answer. `after-status`: it breaks once the status has come.",
    }),
    afterMs: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: MAX_VIRTUAL_MS,
      description: "How long Segment takes, in ms; longer than the sink's `timeoutMs` is a time-out.",
    }),
    destination: Type.Optional(
      Type.String({ minLength: 1, description: "Only for requests of this destination (its id)." }),
    ),
    times: Type.Integer({ default: 1, minimum: 1, maximum: 1_000, description: "For so many requests." }),
  },
  { additionalProperties: false, description: "What Segment says to one request." },
);

const testCase = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 300, description: "A sentence about what has to be." }),
    startsAt: Type.Optional(
      Type.String({
        pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,3})?Z$",
        "x-form": "a time such as 2026-01-01T00:00:00Z",
        description: "The wall clock at the start; 2026-01-01T00:00:00Z when absent. Shows in `sentAt`.",
      }),
    ),
    given: Type.Array(given, { maxItems: MAX_RECORDS, description: "The records, in order." }),
    segment: Type.Array(answer, {
      default: [],
      maxItems: 1_000,
      description: "What Segment answers, request by request; 200 when the list has ended.",
    }),
    expect: expected,
  },
  { additionalProperties: false },
);

export const testFile = Type.Object(
  {
    pipeline: Type.String({ minLength: 1, description: "The pipeline's file, from this file's folder." }),
    env: Type.Record(Type.String(), Type.String(), {
      default: {},
      description:
        "Environment variables. The real ones are not used; secrets that are not named get a placeholder.",
    }),
    destinations: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          "A destinations file in place of the pipeline's: for destinations that live in the store.",
      }),
    ),
    enablement: Type.Optional(
      Type.String({
        minLength: 1,
        description: "An enablement file in place of the pipeline's: for flags that live in LaunchDarkly.",
      }),
    ),
    cases: Type.Array(testCase, {
      minItems: 1,
      maxItems: MAX_CASES,
      description: "Each runs on its own.",
    }),
  },
  { additionalProperties: false, description: "Tests of a pipeline.", title: "Sluice pipeline test" },
);

export type TestFile = Static<typeof testFile>;
export type TestCase = TestFile["cases"][number];
export type Given = TestCase["given"][number];

const BODIES = ["json", "text", "base64", "avro", "file"] as const;

export const declaredTest: DeclaredFile<TestFile> = {
  schema: testFile,
  owner: "the test file",
  maxBytes: 4 * 1024 * 1024,
  *check(value) {
    // The schema has been checked.
    for (const [i, one] of (value as TestFile).cases.entries()) {
      for (const [j, record] of one.given.entries()) {
        for (const problem of problemsOf(record))
          yield { ...problem, path: ["cases", i, "given", j, ...problem.path] };
      }
    }
  },
  build: (value) => value as TestFile,
};

function* problemsOf(record: Given): Generator<StageProblem> {
  const bodies = BODIES.filter((key) => record[key] !== undefined);
  const code = "bad-record";
  if (bodies.length !== 1) {
    const has = bodies.length === 0 ? "none of them" : bodies.join(" and ");
    yield {
      path: [],
      code,
      message: `a record needs one of json, text, base64, avro and file; this one has ${has}`,
    };
  }
  if (record.base64 !== undefined && !isBase64(record.base64))
    yield { path: ["base64"], code, message: "the text is not Base64" };
}

function isBase64(text: string): boolean {
  const compact = text.replaceAll(/\s/g, "");
  return compact.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(compact);
}
