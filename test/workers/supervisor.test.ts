import { describe, expect, it } from "vitest";

import { FakeWorkers, lookOf } from "./fake-workers.ts";

function running(workers: number): FakeWorkers {
  const fake = new FakeWorkers(workers);
  fake.supervisor.start();
  fake.run(...Array.from({ length: workers }, (_, i) => i + 1));
  return fake;
}

describe("a worker that ends without being asked to", () => {
  it("is started again after 1 s, then twice as long each time, at most 60 s", async () => {
    const fake = running(2);
    for (let n = 0; n < 9; n++) {
      fake.end(1, null, "SIGKILL");
      await fake.clock.advance(60_000);
      fake.run(1);
    }
    const waits = fake.log.lines.flatMap(({ fields }) => ("waitMs" in fields ? [fields.waitMs] : []));
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1_000));
    expect(fake.supervisor.slots.map(({ restarts }) => restarts)).toEqual([9, 0]);
    expect(fake.exitCode).toBeUndefined();
  });

  it("begins anew with 1 s when it ran for a minute", async () => {
    const fake = running(1);
    for (const _ of [1, 2, 3]) {
      fake.end(1, null, "SIGKILL");
      await fake.clock.advance(10_000);
      fake.run(1);
    }
    await fake.clock.advance(60_000);
    const before = fake.clock.nowMs();
    fake.end(1, 0);
    await fake.clock.advance(1_000);
    expect(fake.life(1).startedAtMs - before).toBe(1_000);
  });

  it("that is killed again and again is never given up, even when it is the only one", async () => {
    const fake = running(1);
    for (let n = 0; n < 30; n++) {
      fake.end(1, null, "SIGABRT");
      await fake.clock.advance(60_000);
      fake.run(1);
    }
    expect(fake.exitCode).toBeUndefined();
  });

  it("fails the whole with 1 when it could not start five times in a row and no other is well", async () => {
    const fake = new FakeWorkers(2);
    fake.supervisor.start();
    for (let n = 0; n < 5; n++) {
      expect(fake.exitCode).toBeUndefined();
      fake.end(1, 1);
      await fake.clock.advance(n === 4 ? 0 : 16_000);
    }
    expect(fake.life(2).told).toEqual([{ kind: "stop" }]);
    fake.end(2, 0);
    await fake.clock.advance(0);
    expect(fake.exitCode).toBe(1);
  });

  it("is tried for ever while another is well", async () => {
    const fake = new FakeWorkers(2);
    fake.supervisor.start();
    fake.run(2);
    for (let n = 0; n < 50; n++) {
      fake.end(1, n % 2 ? 1 : 2);
      await fake.clock.advance(60_000);
    }
    expect(fake.exitCode).toBeUndefined();
    expect(fake.supervisor.count("running")).toBe(1);
  });

  it("with the others fails the whole with 1 when all fail again soon after each start", async () => {
    const fake = running(2);
    for (let n = 0; n < 5 && fake.exitCode === undefined; n++) {
      for (const number of [1, 2]) if (fake.life(number).told.length === 0) fake.end(number, 1);
      await fake.clock.advance(n === 4 ? 0 : 16_000);
      if (n < 4) fake.run(1, 2);
    }
    fake.end(2, 0);
    await fake.clock.advance(0);
    expect(fake.exitCode).toBe(1);
  });

  it("passes 2 through at once when no worker ever ran: the definition is wrong", async () => {
    const fake = new FakeWorkers(3);
    fake.supervisor.start();
    fake.end(2, 2);
    fake.end(1, 2);
    fake.end(3, 0);
    await fake.clock.advance(0);
    expect(fake.exitCode).toBe(2);
    expect(fake.lives).toHaveLength(3);
  });
});

describe("a stop", () => {
  it.each([
    [[0, 0, 0], 0],
    [[0, 3, 0], 3],
    [[3, 1, 0], 1],
    [[0, 2, 3], 2],
    [[0, null, 0], 3],
    [[0, 77, 0], 1],
  ] as const)("lets all drain and ends with the worst of %j: %j", async (codes, worst) => {
    const fake = running(3);
    fake.supervisor.stop();
    for (const [i, code] of codes.entries()) {
      expect(fake.lives[i]!.told).toEqual([{ kind: "stop" }]);
      await fake.clock.advance(0);
      expect(fake.exitCode).toBeUndefined();
      fake.end(i + 1, code, code === null ? "SIGKILL" : null);
    }
    await fake.clock.advance(120_000);
    expect(fake.exitCode).toBe(worst);
    expect(fake.lives).toHaveLength(3);
  });

  it("ends at once who waits to be started again, and starts nobody any more", async () => {
    const fake = running(2);
    fake.end(1, null, "SIGKILL");
    fake.supervisor.stop();
    fake.supervisor.stop();
    fake.end(2, 0);
    await fake.clock.advance(120_000);
    expect(fake.exitCode).toBe(0);
    expect(fake.lives).toHaveLength(2);
  });
});

describe("the supervisor", () => {
  it("hands SIGHUP to those that run, and only to them", () => {
    const fake = new FakeWorkers(2);
    fake.supervisor.start();
    fake.run(2);
    fake.supervisor.reload();
    expect(fake.lives.map(({ signals }) => signals)).toEqual([[], ["SIGHUP"]]);
  });

  it("kills a worker that says it is stuck, and one that answers none of twelve looks", () => {
    const fake = running(3);
    fake.life(1).hooks.said({ kind: "looked", id: 1, look: lookOf({ live: false, reasons: ["stuck"] }) });
    // The first is killed once more, as it does not answer either.
    const kills = [["SIGKILL", "SIGKILL"], ["SIGKILL"], []];
    for (let beat = 0; beat < 13; beat++) {
      for (const slot of fake.supervisor.slots) slot.expectAnswer();
      fake.life(3).hooks.said({ kind: "looked", id: beat, look: lookOf() });
    }
    expect(fake.lives.map(({ signals }) => signals)).toEqual(kills);
  });

  it("kills nobody who drains, however long it takes", () => {
    const fake = running(1);
    fake.supervisor.stop();
    for (let beat = 0; beat < 30; beat++) fake.supervisor.slots[0]!.expectAnswer();
    fake.life(1).hooks.said({ kind: "looked", id: 1, look: lookOf({ live: false }) });
    expect(fake.life(1).signals).toEqual([]);
  });
});
