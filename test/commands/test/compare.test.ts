import { expect, test } from "vitest";

import { differences } from "../../../src/commands/test/compare.ts";
import type { Outcome } from "../../../src/commands/test/run-case.ts";

const outcome: Outcome = {
  events: [{ type: "track", userId: "a", properties: { key: "k", list: [1, 2] } }],
  drops: { filtered: 2 },
  deadLetters: { "json-invalid": 1 },
  reasons: ["json-invalid: The event is not JSON."],
  acked: 4,
  requests: [{ atMs: 30_000, events: 1, status: 200 }],
};

test("what is named is compared, the rest is not looked at", () => {
  expect(differences({}, outcome)).toEqual([]);
  expect(
    differences(
      {
        events: [{ properties: { key: "k" } }],
        delivered: 1,
        drops: { filtered: 2 },
        deadLetters: { "json-invalid": 1 },
        acked: 4,
        requests: [{ notBeforeMs: 30_000, status: 200 }],
      },
      outcome,
    ),
  ).toEqual([]);
});

test("each difference is a line with its path, and dead letters say why they are ones", () => {
  expect(
    differences(
      {
        events: [{ userId: "b", properties: { list: [1, 3], absent: true } }, {}],
        drops: { "not-sampled": 1 },
        deadLetters: {},
        acked: 3,
        requests: [{ atMs: 0, notBeforeMs: 40_000 }],
      },
      outcome,
    ),
  ).toEqual([
    "events.length: expected 2, got 1",
    'events[0].userId: expected "b", got "a"',
    "events[0].properties.list[1]: expected 3, got 2",
    "events[0].properties.absent: expected true, got nothing",
    "drops.not-sampled: expected 1, got 0",
    "drops.filtered: expected 0, got 2",
    "deadLetters.json-invalid: expected 0, got 1",
    "acked: expected 3, got 4",
    "requests[0].atMs: expected 0, got 30000",
    'requests[0].atMs: expected "at least 40000", got 30000',
    "dead letter json-invalid: The event is not JSON.",
  ]);
});

test("a run that failed is a difference of its own, and long lists are cut", () => {
  expect(differences({}, { ...outcome, failure: "it failed" })[0]).toBe("it failed");
  const many = Array.from({ length: 50 }, (_, i) => ({ userId: String(i) }));
  const found = differences({ events: many }, { ...outcome, events: many.map(() => ({ userId: "x" })) });
  expect(found).toHaveLength(21);
  expect(found.at(-1)).toBe("and 31 more");
});
