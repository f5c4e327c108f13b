import { expect, it } from "vitest";

import { GroupHealth } from "../../src/workers/group-health.ts";
import { Looks } from "../../src/workers/looks.ts";
import { FakeWorkers, lookOf } from "./fake-workers.ts";

function watched(workers: number) {
  const fake = new FakeWorkers(workers);
  fake.supervisor.start();
  const health = new GroupHealth(fake.supervisor, () => Promise.resolve());
  const looked = (number: number, look = lookOf()) =>
    fake.life(number).hooks.said({ kind: "looked", id: 1, look });
  return { fake, health, looked };
}

it("has started when every worker has run once, and stays so", async () => {
  const { fake, health } = watched(2);
  fake.run(1);
  expect(health.startup()).toEqual({ ok: false, status: "starting", reasons: ["1 of 2 workers started"] });
  expect((await health.ready()).ok).toBe(false);
  fake.run(2);
  expect(health.startup().ok).toBe(true);
  fake.end(1, null, "SIGKILL");
  expect(health.startup().ok).toBe(true);
  expect(health.live().ok).toBe(true);
});

it("is ready while one worker is, degraded while another is not, and says which and why", async () => {
  const { fake, health, looked } = watched(3);
  fake.run(1, 2, 3);
  expect(await health.ready()).toMatchObject({ ok: false, status: "not ready" });
  looked(1);
  looked(2);
  looked(3, lookOf({ reasons: ["p: destination d is parked"] }));
  expect(await health.ready()).toEqual({
    ok: true,
    status: "degraded",
    reasons: ["worker 3: p: destination d is parked"],
  });
  looked(3);
  expect(await health.ready()).toEqual({ ok: true, status: "ready", reasons: [] });
  fake.end(1, null, "SIGKILL");
  looked(2, lookOf({ ready: false, reasons: ["p: the source is not open"] }));
  expect(await health.ready()).toEqual({
    ok: true,
    status: "degraded",
    reasons: [
      "worker 1 ended without being asked to, and waits to be started again",
      "worker 2: p: the source is not open",
    ],
  });
  fake.end(3, null, "SIGKILL");
  expect(await health.ready()).toMatchObject({ ok: false, status: "not ready" });
});

it("is not ready from the moment a stop is asked for", async () => {
  const { fake, health, looked } = watched(1);
  fake.run(1);
  looked(1);
  fake.supervisor.stop();
  expect(await health.ready()).toEqual({ ok: false, status: "not ready", reasons: ["draining"] });
});

it("asks each worker once for all who want to know, and waits two seconds for the slow at most", async () => {
  const { fake } = watched(3);
  const looks = new Looks(fake.clock, true);
  const over: number[] = [];
  for (const n of [1, 2]) void looks.at(fake.supervisor.slots).then(() => over.push(n));
  expect(fake.lives.map(({ told }) => told)).toEqual(
    [1, 2, 3].map(() => [{ kind: "look", id: 1, metrics: true }]),
  );
  looks.answered(fake.supervisor.slots[0]!, 1);
  looks.answered(fake.supervisor.slots[1]!);
  looks.answered(fake.supervisor.slots[2]!, 7);
  await fake.clock.advance(1_999);
  expect(over).toEqual([]);
  await fake.clock.advance(1);
  expect(over).toEqual([1, 2]);

  const next = looks.at(fake.supervisor.slots);
  for (const slot of fake.supervisor.slots) looks.answered(slot, 2);
  await next;
});
