import fc from "fast-check";
import { expect, it } from "vitest";

import { Bucketed, DeadlineBuckets } from "../../../src/emulators/pubsub/deadline-buckets.ts";
import { Deque } from "../../../src/emulators/pubsub/deque.ts";
import { VirtualClock } from "../../../src/engine/virtual-clock.ts";

const tickMs = 50;

class Item extends Bucketed {
  dueMs = 0;
  firedMs: number | undefined;
}

it("fires each item once, at its last deadline or up to a tick later, and never what was removed", async () => {
  const step = fc.record({
    item: fc.nat(9),
    remove: fc.boolean(),
    ms: fc.integer({ min: 0, max: 2_000 }),
    thenMs: fc.integer({ min: 0, max: 300 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = new VirtualClock();
      const items = Array.from({ length: 10 }, () => new Item());
      const buckets = new DeadlineBuckets<Item>(clock, tickMs, (due) => {
        for (const item of due) {
          expect(item.firedMs).toBeUndefined();
          item.firedMs = clock.nowMs();
        }
      });
      const standing = new Set<Item>();
      const judge = () => {
        for (const item of standing) {
          if (clock.nowMs() > item.dueMs + tickMs) expect(item.firedMs).toBeDefined();
          if (item.firedMs === undefined) continue;
          expect(item.firedMs).toBeGreaterThanOrEqual(item.dueMs);
          expect(item.firedMs).toBeLessThanOrEqual(item.dueMs + tickMs);
          standing.delete(item);
        }
        expect(buckets.size).toBe(standing.size);
      };
      for (const { item: index, remove, ms, thenMs } of steps) {
        const item = items[index]!;
        if (remove) {
          buckets.remove(item);
          standing.delete(item);
        } else {
          item.dueMs = clock.nowMs() + ms;
          item.firedMs = undefined;
          buckets.put(item, ms);
          standing.add(item);
        }
        await clock.advance(thenMs);
        judge();
      }
      await clock.advance(3_000);
      judge();
      expect([buckets.size, clock.pendingTimers]).toEqual([0, 0]);
    }),
  );
});

it("sets nothing going after it was cleared", async () => {
  const clock = new VirtualClock();
  const buckets = new DeadlineBuckets<Item>(clock, tickMs, () => expect.unreachable());
  for (let ms = 100; ms < 1_000; ms += 100) buckets.put(new Item(), ms);
  buckets.clear();
  expect([buckets.size, clock.pendingTimers]).toEqual([0, 0]);
  await clock.advance(2_000);
});

it("a deque is a queue, also across its compactions", () => {
  const deque = new Deque<number>();
  let next = 0;
  let expected = 0;
  for (let round = 0; round < 30; round++) {
    for (let count = 0; count < 1_000; count++) deque.push(next++);
    for (let count = 0; count < 900; count++) expect(deque.shift()).toBe(expected++);
  }
  expect(deque.length).toBe(3_000);
  expect(deque.removeWhere((n) => n % 2 === 0)).toBe(1_500);
  expect([...deque].slice(0, 2)).toEqual([expected + 1, expected + 3]);
  for (let count = 0; count < 1_500; count++) deque.shift();
  expect(deque.shift()).toBeUndefined();
});
