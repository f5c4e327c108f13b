import { describe, expect, it } from "vitest";

import { settleMicrotasks, VirtualClock } from "../../../src/engine/virtual-clock.ts";
import { GatheredResponses } from "../../../src/sources/pubsub/gathered-responses.ts";
import { messages } from "./fake-pull.ts";

/** A connection that holds the sizes in `arrived`, and gives the next when it is asked. */
function aConnection(gatherMs = 15) {
  const clock = new VirtualClock();
  const handedOn: { readonly atMs: number; readonly size: number }[] = [];
  const arrived: number[] = [];
  let asked = true;
  const gathered = new GatheredResponses({
    clock,
    gatherMs,
    messages: (list) => handedOn.push({ atMs: clock.nowMs(), size: list.length }),
  });
  const give = () => {
    const next = asked ? arrived.shift() : undefined;
    if (next === undefined) return;
    asked = false;
    gathered.add(messages(next), () => {
      asked = true;
      queueMicrotask(give);
    });
  };
  const arrive = (size: number) => {
    arrived.push(size);
    give();
  };
  const pass = async (ms: number) => {
    await clock.advance(ms);
    await settleMicrotasks();
  };
  return { clock, gathered, handedOn, arrive, pass, waiting: () => arrived.length };
}

describe("responses that come slowly", () => {
  it("go on at once after a silence, and together when they follow one another", async () => {
    const { handedOn, arrive, pass } = aConnection();
    arrive(1);
    await pass(2);
    for (let i = 0; i < 5; i++) {
      arrive(2);
      await pass(2);
    }
    await pass(100);
    arrive(3);
    expect(handedOn).toEqual([
      { atMs: 0, size: 1 },
      { atMs: 15, size: 10 },
      { atMs: 112, size: 3 },
    ]);
  });

  it("wait on the connection, but for one, so that it can hold the sender back", async () => {
    const { handedOn, arrive, pass, waiting } = aConnection();
    arrive(1);
    await pass(1);
    for (let i = 0; i < 10; i++) arrive(1);
    expect(waiting()).toBe(9);
    await pass(14);
    expect(waiting()).toBe(0);
    expect(handedOn.at(-1)?.size).toBe(10);
  });

  it("go on when the stream ends or is cancelled, and leave no timer behind", async () => {
    const { clock, gathered, handedOn, arrive, pass } = aConnection();
    arrive(1);
    await pass(1);
    arrive(2);
    gathered.end();
    expect(handedOn.map(({ size }) => size)).toEqual([1, 2]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("each go on at once when nothing is to wait", async () => {
    const { handedOn, arrive, pass } = aConnection(0);
    for (let i = 0; i < 4; i++) arrive(1);
    await pass(0);
    expect(handedOn.map(({ atMs, size }) => [atMs, size])).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
  });
});

describe("responses that come fast", () => {
  it("do not wait for one another", async () => {
    const { handedOn, arrive, pass } = aConnection();
    for (let i = 0; i < 50; i++) {
      arrive(20);
      await pass(1);
    }
    const late = handedOn.filter(({ atMs }) => atMs >= 16);
    expect(late.length).toBeGreaterThanOrEqual(34);
    expect(new Set(late.map(({ size }) => size))).toEqual(new Set([20]));
  });

  it("are gathered again when they become slow", async () => {
    const { handedOn, arrive, pass } = aConnection();
    for (let i = 0; i < 10; i++) {
      arrive(100);
      await pass(1);
    }
    await pass(200);
    const before = handedOn.length;
    for (let i = 0; i < 60; i++) {
      arrive(1);
      await pass(1);
    }
    await pass(15);
    const after = handedOn.slice(before);
    expect(after.reduce((sum, { size }) => sum + size, 0)).toBe(60);
    expect(after.length).toBeLessThanOrEqual(7);
  });
});
