import { describe, expect, test } from "vitest";

import { Drop } from "../../src/engine/contracts.ts";
import { TEST_EVENT_KEY } from "../../src/events/test-event.ts";
import sample from "../../src/transforms/sample.ts";
import { applyOf } from "../support/transforms.ts";

const envelope = (event: object) => ({ project: "p", environment: "e", event });
const keys = Array.from({ length: 4_000 }, (_, i) => `user-${i}`);

function kept(config: object): Set<string> {
  const apply = applyOf(sample, { by: "event.userKey", ...config });
  return new Set(keys.filter((userKey) => !(apply(envelope({ userKey })) instanceof Drop)));
}

test("keeps about its share of the keys, always the same", () => {
  const tenth = kept({ percent: 10 });
  expect(tenth.size).toBeGreaterThan(300);
  expect(tenth.size).toBeLessThan(500);
  expect(kept({ percent: 10 })).toEqual(tenth);
});

test("a larger share holds every key of a smaller one; another seed chooses others", () => {
  const tenth = kept({ percent: 10 });
  const fifth = kept({ percent: 20 });
  expect([...tenth].every((key) => fifth.has(key))).toBe(true);
  expect(kept({ percent: 10, seed: "other" })).not.toEqual(tenth);
});

test("0 keeps nothing and 100 everything", () => {
  expect(kept({ percent: 0 }).size).toBe(0);
  expect(kept({ percent: 100 }).size).toBe(keys.length);
});

describe("an event without the key", () => {
  test("is kept, or dropped when told so", () => {
    const event = envelope({ kind: "custom" });
    expect(applyOf(sample, { percent: 0, by: "event.userKey" })(event)).toBe(event);
    expect(applyOf(sample, { percent: 100, by: "event.userKey", whenMissing: "drop" })(event)).toEqual(
      new Drop("not-sampled"),
    );
  });
});

test("passes test events: someone is waiting for them", () => {
  const event = envelope({ userKey: TEST_EVENT_KEY });
  expect(applyOf(sample, { percent: 0, by: "event.userKey" })(event)).toBe(event);
});
