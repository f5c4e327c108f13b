import { expect, test } from "vitest";

import { type Difference, differences } from "../../../src/commands/test/compare.ts";
import { pathText, show } from "../../../src/commands/test/report.ts";
import type { Outcome } from "../../../src/commands/test/run-case.ts";

const outcome: Outcome = {
  events: [{ type: "track", userId: "a", properties: { key: "k", list: [1, 2] } }],
  sinks: { segment: [{ type: "track" }], archive: [] },
  drops: { filtered: 2 },
  deadLetters: { "json-invalid": 1 },
  reasons: ["json-invalid: The event is not JSON."],
  acked: 4,
  requests: [
    { destination: "d", atMs: 30_000, events: 1, bytes: 17, status: 200, body: '{"batch":[{"a":1}]}' },
  ],
  limiter: { d: { waitedMs: 5, mostEventsPerSecond: 1, mostRequestsPerSecond: 1 } },
};

const told = (found: readonly Difference[]) =>
  found.map(({ path, kind, want, got }) => `${pathText(path)} ${kind} ${show(want)} ${show(got)}`);

test("what is named is compared, the rest is not looked at", () => {
  expect(differences({}, outcome)).toEqual([]);
  expect(
    differences(
      {
        events: [{ properties: { key: "k" } }],
        delivered: 1,
        drops: { filtered: 2, "not-sampled": 0 },
        deadLetters: { "json-invalid": 1 },
        acked: 4,
        requests: [{ notBeforeMs: 30_000, status: 200, destination: "d", body: { batch: [{ a: 1 }] } }],
        limiter: { d: { waitedMs: 5 } },
      },
      outcome,
    ),
  ).toEqual([]);
});

test("each difference has its path, what was expected and what came", () => {
  expect(
    told(
      differences(
        {
          events: [{ userId: "b", properties: { list: [1, 3], absent: true } }],
          drops: { "not-sampled": 1 },
          deadLetters: {},
          acked: 3,
          requests: [{ atMs: 0, notBeforeMs: 40_000, body: '{"batch":[]}' }],
        },
        outcome,
      ),
    ),
  ).toEqual([
    'events[0].userId changed "b" "a"',
    "events[0].properties.list[1] changed 3 2",
    "events[0].properties.absent missing true nothing",
    "drops.not-sampled changed 1 0",
    "drops.filtered unexpected nothing 2",
    "deadLetters.json-invalid unexpected nothing 1",
    "acked changed 3 4",
    "requests[0].atMs changed 0 30000",
    "requests[0].notBeforeMs changed 40000 30000",
    'requests[0].body changed "{\\"batch\\":[]}" "{\\"batch\\":[{\\"a\\":1}]}"',
  ]);
});

test("of a whole event every field is looked at", () => {
  const whole = { type: "track", userId: "a", properties: { key: "k" } };
  expect(told(differences({ wholeEvents: [whole] }, outcome))).toEqual([
    "wholeEvents[0].properties.list unexpected nothing [1,2]",
  ]);
});

test("one event too many or too few is one difference, wherever it stands", () => {
  const ids = (...all: string[]) => all.map((id) => ({ id }));
  const came = { ...outcome, events: ids("a", "b", "c", "d") };
  expect(told(differences({ events: ids("a", "c", "d") }, came))).toEqual([
    'events[1] unexpected nothing {"id":"b"}',
  ]);
  expect(told(differences({ events: ids("x", "a", "b", "c", "d") }, came))).toEqual([
    'events[0] missing {"id":"x"} nothing',
  ]);
  expect(told(differences({ events: ids("a", "B", "c", "d", "e") }, came))).toEqual([
    'events[1].id changed "B" "b"',
    'events[4] missing {"id":"e"} nothing',
  ]);
});

test("a run that failed is a difference, unless that is what was expected", () => {
  const failed = { ...outcome, failure: { code: "dead-letter-window", message: "too many" } };
  expect(told(differences({}, failed))).toEqual([' failed nothing "too many"']);
  expect(differences({ failure: "dead-letter-window" }, failed)).toEqual([]);
  expect(told(differences({ failure: "dead-letter-window" }, outcome))).toEqual([
    'failure changed "dead-letter-window" nothing',
  ]);
});
