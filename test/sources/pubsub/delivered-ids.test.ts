import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { DeliveredIds } from "../../../src/sources/pubsub/delivered-ids.ts";

/** Ids as Pub/Sub makes them, as emulators make them, and close neighbours of each other. */
const anId = fc.oneof(
  fc.bigInt({ min: 1n, max: 99_999n }).map(String),
  fc.bigInt({ min: 999_999_900n, max: 1_000_000_100n }).map(String),
  fc.bigInt({ min: 10n ** 17n, max: 10n ** 19n }).map(String),
  fc.nat(50).map((n) => `0${n}`),
  fc.nat(50).map((n) => `projects/p/${n}`),
  fc.constantFrom("", "0", "00", "１２", "12 ", "-1", "1e3"),
);

describe("the memory of delivered ids", () => {
  it("knows each of the newest half of its capacity, and no id that it was never given", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.array(anId, { maxLength: 200 }),
        fc.array(anId, { maxLength: 50 }),
        (capacity, given_, others) => {
          const ids = new DeliveredIds(capacity);
          for (const id of given_) ids.add(id);
          const newest = given_.slice(Math.max(0, given_.length - Math.floor(capacity / 2)));
          expect(newest.filter((id) => !ids.has(id))).toEqual([]);
          const known = new Set(given_);
          expect(others.filter((id) => ids.has(id) && !known.has(id))).toEqual([]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("never holds more than its capacity", () => {
    const ids = new DeliveredIds(1_000);
    for (let n = 0; n < 20_000; n++) {
      ids.add(`${10_000_000_000_000_000n + BigInt(n) * 7n}`);
      expect(ids.size).toBeLessThanOrEqual(1_000);
    }
    expect(ids.has("10000000000000000")).toBe(false);
  });

  it("of size 0 holds nothing", () => {
    const ids = new DeliveredIds(0);
    ids.add("1");
    ids.add("a");
    expect([ids.has("1"), ids.has("a"), ids.size]).toEqual([false, false, 0]);
  });
});
