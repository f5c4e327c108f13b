// The judge is only worth something if it sees. Each invariant is broken once, in a world that is sound otherwise.

import { hash } from "node:crypto";

import { describe, expect, it } from "vitest";

import { type HeapSample, slopePerMinute } from "./support/heap.ts";
import { type Facts, type Issued, judge } from "./support/invariants.ts";
import { Oracle, usualMix } from "./support/oracle.ts";
import type { ProgramExit } from "./support/supervisor.ts";

const oracle = new Oracle({
  seed: 7,
  mix: { ...usualMix, undecodable: 200, dropped: 200 },
  destinations: ["a", "b"],
});
const events = Array.from({ length: 50 }, (_, serial) => oracle.event(serial));

const books = {
  received: 50,
  acked: 50,
  givenBack: 0,
  handedOver: 0,
  values: 50,
  delivered: 60,
  dropped: 10,
  deadLettered: 10,
};

function stopped(counts: object = books, more: Partial<ProgramExit> = {}): ProgramExit {
  const stderr = `{"msg":"running"}\n${JSON.stringify({ counts, msg: "stopped" })}\n`;
  return { code: 0, signal: null, asked: "SIGTERM", stderr, ...more };
}

/** Everything went as it should. */
function sound(): Facts {
  const issued = new Map<string, Issued>(
    events.map(({ serial, fate, messages, body }) => [
      `m${serial}`,
      { serial, fate, messages, bodyDigest: hash("sha1", body, "base64url") },
    ]),
  );
  return {
    issued,
    ackedIds: [...issued.keys()],
    segmentIds: events.flatMap(({ messages }) =>
      messages.map(({ messageId, digest }) => ({ id: messageId, digest, deliveries: 1, differing: 0 })),
    ),
    stats: {
      requests: 1,
      answers: {},
      bodyBytes: 0,
      accepted: 0,
      duplicates: 0,
      dropped: {},
      faultsPlayed: 0,
      maxEventsPerSecond: 80,
      maxRequestsPerSecond: 1,
      differingIds: 0,
    },
    deadLetters: events
      .filter(({ fate }) => fate === "dead-lettered")
      .map(({ serial, body }) => ({ id: `m${serial}`, code: "x", body: body.toString("base64") })),
    tornLines: 0,
    exits: [stopped()],
    secret: "canary123",
  };
}

const allowed = { duplicates: 2, eventsPerSecond: 100 };
const one = events.find(({ fate }) => fate === "delivered")!.messages[0]!.messageId;

describe("the judge", () => {
  it("finds nothing in a sound world, and counts all fates", () => {
    const verdict = judge(sound(), allowed);
    expect(verdict.violations).toEqual([]);
    expect(verdict.delivered + verdict.dropped + verdict.deadLettered).toBe(50);
    expect(Math.min(verdict.delivered, verdict.dropped, verdict.deadLettered)).toBeGreaterThan(0);
  });

  it("lets the crash-loop breaker take as many good events for deadly as the kills explain, whole", () => {
    const facts = sound();
    const [id = "", event] = [...facts.issued].find(([, { fate }]) => fate === "delivered") ?? [];
    const body = events[event!.serial]!.body.toString("base64");
    const letter = (text: string) => ({ id, code: "crash-loop", body: text });
    const segmentIds = facts.segmentIds.filter((s) => !event!.messages.some((m) => m.messageId === s.id));
    const broken = (text: string): Facts => ({
      ...facts,
      segmentIds,
      deadLetters: [...facts.deadLetters, letter(text)],
    });
    const explained = judge(broken(body), { ...allowed, suspected: 1 });
    expect(explained).toMatchObject({ suspected: 1, lost: 0, violations: [] });
    expect(judge(broken(body), allowed).violations).toEqual([expect.stringMatching(/^I2 1 good events/)]);
    expect(judge(broken("AA=="), { ...allowed, suspected: 1 })).toMatchObject({ suspected: 0, lost: 1 });
  });

  const broken: Record<string, [invariant: string, facts: (facts: Facts) => Partial<Facts>]> = {
    "an acked event that one of its destinations never got": [
      "I1",
      ({ segmentIds }) => ({ segmentIds: segmentIds.filter(({ id }) => id !== one) }),
    ],
    "an acked dead letter that is not on the disk": [
      "I1",
      ({ deadLetters }) => ({ deadLetters: deadLetters.slice(1) }),
    ],
    "an event that nobody issued": [
      "I2",
      ({ segmentIds }) => ({
        segmentIds: [...segmentIds, { id: "ld-other", deliveries: 1, digest: "x", differing: 0 }],
      }),
    ],
    "a good event among the dead letters": [
      "I2",
      ({ deadLetters, issued }) => {
        const [id = ""] = [...issued].find(([, { fate }]) => fate === "delivered") ?? [];
        return { deadLetters: [...deadLetters, { id, code: "bug", body: "" }] };
      },
    ],
    "an event with other bytes": [
      "I3",
      ({ segmentIds }) => ({ segmentIds: segmentIds.map((s) => (s.id === one ? { ...s, digest: "y" } : s)) }),
    ],
    "a repetition with other bytes": [
      "I3",
      ({ segmentIds }) => ({
        segmentIds: segmentIds.map((s) => (s.id === one ? { ...s, differing: 1 } : s)),
      }),
    ],
    "a dead letter with another body": [
      "I3",
      ({ deadLetters }) => ({
        deadLetters: deadLetters.map((d, i) => (i === 0 ? { ...d, body: "AA==" } : d)),
      }),
    ],
    "more duplicates than the faults explain": [
      "I4",
      ({ segmentIds }) => ({
        segmentIds: segmentIds.map((s) => (s.id === one ? { ...s, deliveries: 4 } : s)),
      }),
    ],
    "a second over the rate": ["I5", ({ stats }) => ({ stats: { ...stats, maxEventsPerSecond: 101 } })],
    "an end that nobody asked for": [
      "I8",
      ({ exits }) => ({ exits: [...exits, stopped(books, { asked: undefined, code: 1 })] }),
    ],
    "an end by a signal nobody sent": [
      "I8",
      ({ exits }) => ({ exits: [...exits, { code: null, signal: "SIGABRT", asked: undefined, stderr: "" }] }),
    ],
    "a wrong exit code after SIGTERM": ["I8", () => ({ exits: [stopped(books, { code: 1 })] })],
    "a leaked listener": [
      "I8",
      () => ({ exits: [stopped(books, { stderr: "MaxListenersExceededWarning" })] }),
    ],
    "a write key in the log": ["I8", () => ({ exits: [stopped(books, { stderr: "key canary1231" })] })],
    "books in which a record is missing": ["I9", () => ({ exits: [stopped({ ...books, acked: 49 })] })],
    "books in which a value went nowhere": ["I9", () => ({ exits: [stopped({ ...books, delivered: 20 })] })],
  };

  for (const [what, [invariant, change]] of Object.entries(broken))
    it(`sees ${what} (${invariant})`, () => {
      const facts = sound();
      const { violations } = judge({ ...facts, ...change(facts) }, allowed);
      expect(violations).toHaveLength(1);
      expect(violations[0]).toMatch(new RegExp(`^${invariant} `));
    });

  it("sees a heap that grows through noise, and none in noise alone", () => {
    const samples = (leakPerMinute: number): HeapSample[] =>
      Array.from({ length: 30 }, (_, i) => {
        const noise = ((i * 7919) % 13) / 10;
        const heapUsed = 40 + noise + (leakPerMinute * i) / 6;
        return { atMs: i * 10_000, heapUsed, rss: 0, p99Ms: 0, maxMs: 0, open: 0, cpuMs: 0 };
      });
    expect(slopePerMinute(samples(0), ({ heapUsed }) => heapUsed)).toBeLessThan(0.2);
    expect(slopePerMinute(samples(1), ({ heapUsed }) => heapUsed)).toBeGreaterThan(0.8);
  });
});
