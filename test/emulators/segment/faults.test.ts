import { describe, expect, test } from "vitest";

import { VirtualClock } from "../../../src/engine/virtual-clock.ts";
import { type Answer, batch, event, post, segment } from "./segment-world.ts";

describe("faults", () => {
  test("apply to the next n requests, then no more", async () => {
    const server = await segment();
    server.inject({
      action: { kind: "status", status: 503, headers: { "x-why": "test" }, body: "{}" },
      count: 2,
    });
    const statuses = [];
    for (let n = 0; n < 3; n++) statuses.push((await post(server, batch(event()))).status);
    expect(statuses).toEqual([503, 503, 200]);
    expect(server.stats()).toMatchObject({ accepted: 1, faultsPlayed: 2, answers: { 503: 2, 200: 1 } });
  });

  test("apply by percentage, for a time, and to what they match", async () => {
    const clock = new VirtualClock();
    const rolls = [0.29, 0.31];
    const server = await segment({ clock, random: () => rolls.shift() ?? 1 });
    const remove = server.inject({ action: { kind: "status", status: 500 }, percent: 30 });
    expect((await post(server, batch(event()))).status).toBe(500);
    expect((await post(server, batch(event()))).status).toBe(200);
    remove();
    rolls.push(0, 0, 0, 0, 0);
    server.inject({ action: { kind: "status", status: 502 }, forMs: 1_000 });
    expect((await post(server, batch(event()))).status).toBe(502);
    await clock.advance(1_000);
    expect((await post(server, batch(event()))).status).toBe(200);
    server.inject({ action: { kind: "status", status: 400 }, match: { bodyIncludes: "poison" } });
    expect((await post(server, batch(event({ userId: "poison" })))).status).toBe(400);
    expect((await post(server, batch(event()))).status).toBe(200);
    server.clearFaults();
    expect((await post(server, batch(event({ userId: "poison" })))).status).toBe(200);
  });

  test("can take the events and fail all the same", async () => {
    const server = await segment();
    server.inject({ action: { kind: "status", status: 503 }, accept: true, count: 1 });
    const twice = batch(event());
    await post(server, twice);
    await post(server, twice);
    expect(server.stats()).toMatchObject({ accepted: 1, duplicates: 1 });
  });

  test("can delay an answer by the clock", async () => {
    const clock = new VirtualClock();
    const server = await segment({ clock });
    server.inject({ action: { kind: "answer" }, delayMs: 5_000 });
    const answer = post(server, batch(event()));
    while (server.stats().requests === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(server.stats().accepted).toBe(0);
    await clock.advance(5_000);
    expect((await answer).status).toBe(200);
  });

  test("are steered from another process, by JSON, from loopback only", async () => {
    const server = await segment();
    const control = (body: unknown, headers = {}): Promise<Answer> =>
      post(server, body, { path: "/_control", headers });
    expect((await control({ inject: { action: { kind: "status", status: 503 }, count: 1 } })).body).toEqual({
      success: true,
      faults: 1,
    });
    expect((await post(server, batch(event()))).status).toBe(503);
    expect((await control({ inject: { action: { kind: "drop-table" } } })).status).toBe(400);
    expect((await control({ inject: { action: { kind: "never" }, sometimes: true } })).status).toBe(400);
    expect((await control("{")).status).toBe(400);
    expect((await control({ clear: true }, { "content-type": "text/plain" })).status).toBe(415);
    expect((await control({ rates: { requests: 1, events: null } })).body).toEqual({
      success: true,
      faults: 0,
    });
    expect((await post(server, batch(event()))).status).toBe(200);
    expect((await post(server, batch(event()))).status).toBe(429);
  });
});
