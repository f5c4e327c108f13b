import fc from "fast-check";
import { expect, test } from "vitest";

import { Ring } from "../../../src/emulators/segment/ring.ts";
import { SeenIds } from "../../../src/emulators/segment/seen-ids.ts";
import { SlidingSecond } from "../../../src/emulators/segment/sliding-second.ts";
import { splitBatch } from "../../../src/emulators/segment/split-batch.ts";

const arrivals = fc.array(fc.record({ gapMs: fc.nat(1_500), amount: fc.integer({ min: 1, max: 9 }) }));

test("a sliding second counts as counting by hand does, and remembers the highest", () => {
  fc.assert(
    fc.property(arrivals, (list) => {
      const window = new SlidingSecond();
      const past: { atMs: number; amount: number }[] = [];
      let nowMs = 0;
      let highest = 0;
      for (const { gapMs, amount } of list) {
        nowMs += gapMs;
        past.push({ atMs: nowMs, amount });
        window.add(nowMs, amount);
        const byHand = past
          .filter(({ atMs }) => atMs > nowMs - 1_000)
          .reduce((sum, one) => sum + one.amount, 0);
        highest = Math.max(highest, byHand);
        expect([window.sum(nowMs), window.max]).toEqual([byHand, highest]);
      }
    }),
  );
});

test("a sliding second stays right, and small, after many arrivals", () => {
  const window = new SlidingSecond();
  for (let n = 0; n < 100_000; n++) window.add(n, 1);
  expect([window.sum(100_000), window.max]).toEqual([999, 1_000]);
});

test("a batch is split where its events begin and end, whatever is in them", () => {
  const pretty = fc.constantFrom<[number | undefined]>([undefined], [1], [2]);
  const tricky = fc.oneof(fc.jsonValue(), fc.constantFrom('"', "\\", '\\"', "]}", '{"batch":[', "é\u2028"));
  const body = fc.record({
    before: tricky,
    batch: fc.array(fc.dictionary(fc.string(), tricky)),
    after: tricky,
    context: fc.record({ batch: fc.array(fc.dictionary(fc.string(), tricky)) }),
  });
  fc.assert(
    fc.property(body, pretty, (document, [indent]) => {
      const bytes = Buffer.from(JSON.stringify(document, null, indent));
      const parts = splitBatch(bytes).map(({ start, end }) => JSON.parse(bytes.toString("utf8", start, end)));
      expect(parts).toEqual(JSON.parse(JSON.stringify(document.batch)));
    }),
  );
});

test("a ring keeps the newest", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat()),
      fc.integer({ min: 1, max: 10 }),
      fc.nat(12),
      (values, capacity, limit) => {
        const ring = new Ring<number>(capacity);
        for (const value of values) ring.push(value);
        expect(ring.newestFirst(limit)).toEqual(values.slice(-capacity).reverse().slice(0, limit));
      },
    ),
  );
  expect(new Ring<number>(0).newestFirst()).toEqual([]);
});

test("ids are remembered for their window, and never more than there is room for", () => {
  const seen = new SeenIds(1_000, 3);
  expect(["a", "b", "a"].map((id) => seen.add(id, 0))).toEqual([true, true, false]);
  expect(seen.add("a", 999)).toBe(false);
  expect(seen.add("a", 1_000)).toBe(true);
  expect(["c", "d", "e"].map((id) => seen.add(id, 1_001))).toEqual([true, true, true]);
  expect(seen.size).toBe(3);
});
