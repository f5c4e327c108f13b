// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are written like this.

import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";

import { differences } from "../../../src/commands/test/compare.ts";
import type { Outcome } from "../../../src/commands/test/run-case.ts";
import { updatedText } from "../../../src/commands/test/update.ts";

const outcome: Outcome = {
  events: [{ userId: "ann", properties: { key: "k", price: 2 } }, { userId: "bob" }],
  sinks: {},
  drops: { filtered: 2 },
  deadLetters: {},
  reasons: [],
  acked: 4,
  requests: [{ destination: "d", atMs: 30_000, events: 2, bytes: 40, status: 200, body: '{"batch":[1]}' }],
  limiter: { d: { waitedMs: 5, mostEventsPerSecond: 2, mostRequestsPerSecond: 1 } },
};

const only = (expectation: string, came: Outcome = outcome) =>
  updatedText(
    `# The head.\npipeline: a.yaml\ncases:\n  - name: x # why\n    given: []\n${expectation}`,
    new Map([[0, came]]),
  );

test("comments, order and flow style stay; only what differs changes", () => {
  expect(
    only(`    expect:
      # Whom it went to.
      events:
        - userId: anna # was Anna
          properties: {key: "k", gone: 1} # flow
      acked: 4 # all
      drops: {not-sampled: 1}
      requests:
        - {status: 503, notBeforeMs: 20000} # late
`),
  ).toBe(`# The head.
pipeline: a.yaml
cases:
  - name: x # why
    given: []
    expect:
      # Whom it went to.
      events:
        - userId: ann # was Anna
          properties: {key: "k"} # flow
        - userId: bob
      acked: 4 # all
      drops: {filtered: 2}
      requests:
        - {status: 200, notBeforeMs: 20000} # late
`);
});

test("a case that expects nothing gets everything", () => {
  const text = only("    expect: {}\n");
  expect(parse(text).cases[0].expect).toEqual({
    events: outcome.events,
    drops: { filtered: 2 },
    deadLetters: {},
    acked: 4,
    requests: [{ destination: "d", atMs: 30_000, events: 2, status: 200 }],
  });
  expect(text).toContain("        - {destination: d, atMs: 30000, events: 2, status: 200}\n");
});

test("texts that look like references are escaped", () => {
  const text = only("    expect: {events: [{}]}\n", { ...outcome, events: [{ a: "x" }, { b: "${HOME}" }] });
  expect(text).toContain("$${HOME}");
});

const value = fc.oneof(
  fc.constantFrom("a", "on", "1", "null", "#", "- x", "${A}", "a: b", ""),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);
const event = fc.dictionary(
  fc.constantFrom("userId", "properties", "1", "a b"),
  fc.oneof(value, fc.array(value, { maxLength: 3 }), fc.dictionary(fc.constantFrom("k", "l"), value)),
  { minKeys: 1, maxKeys: 4, noNullPrototype: true },
);

test("whatever was expected and whatever came, a rewritten case passes, and again changes nothing", () => {
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 5 }),
      fc.array(event, { maxLength: 5 }),
      fc.boolean(),
      (want, came, whole) => {
        const key = whole ? "wholeEvents" : "events";
        // JSON is YAML; `$${` is how a definition writes `${`.
        const before = `cases: [{expect: {"${key}": ${JSON.stringify(want).replaceAll("${", () => "$${")}, acked: 1}}]`;
        const result = { ...outcome, events: came };
        const once = updatedText(before, new Map([[0, result]]));
        const expectation = JSON.parse(JSON.stringify(parse(once).cases[0].expect).replaceAll("$${", "${"));
        expect(differences(expectation, result)).toEqual([]);
        expect(updatedText(once, new Map([[0, result]]))).toBe(once);
      },
    ),
    { numRuns: 500 },
  );
});
