import { expect, it } from "vitest";

import { Limiter, type LimiterMaker } from "../../src/engine/limiter.ts";
import { SharedLimiters } from "../../src/engine/shared-limiters.ts";
import { VirtualClock } from "../../src/engine/virtual-clock.ts";

const rates = (events: number) => ({
  events,
  requests: Number.POSITIVE_INFINITY,
  bytes: Number.POSITIVE_INFINITY,
});
const wanted = () => ({ events: 100, bytes: 100 });

function world() {
  const clock = new VirtualClock();
  const shared = new SharedLimiters(clock);
  const make: LimiterMaker = (_, of, largest) => new Limiter(clock, of, largest);
  const lane = (name: string, events = 100) =>
    shared.makerFor("segment", make)(name, rates(events), 1, () => {});
  return { clock, lane };
}

it("counts what another lane let through that is closed by now: whoever comes next begins with no burst", async () => {
  const { clock, lane } = world();
  const old = lane("a");
  const burst = old.room(1, wanted).events;
  expect(burst).toBeGreaterThan(0);
  old.spend(burst, 1);
  old.close();
  expect(lane("a").room(1, wanted).events).toBeLessThan(1);
  expect(lane("b").room(1, wanted).events).toBe(burst);
  await clock.advance(3_000);
  expect(lane("a").room(1, wanted).events).toBeGreaterThanOrEqual(burst);
});

it("takes the rate of whoever uses it now, the lowest when they differ", () => {
  const { lane } = world();
  const slow = lane("a", 10);
  const fast = lane("a", 1_000);
  expect(fast.room(1, wanted).events).toBeLessThanOrEqual(1);
  slow.close();
  fast.close();
  expect(lane("a", 10).room(1, wanted).events).toBeLessThanOrEqual(1);
});
