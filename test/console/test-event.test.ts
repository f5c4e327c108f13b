import { readFile } from "node:fs/promises";

import { describe, expect, it, onTestFinished } from "vitest";

import { TestSender, testKinds } from "../../src/console/test-sender.ts";
import { startSegment } from "../../src/emulators/segment/emulator.ts";
import { type Clock, systemClock } from "../../src/engine/clock.ts";
import { settleMicrotasks, VirtualClock } from "../../src/engine/virtual-clock.ts";

import { aDestination, silentLog } from "../support/context.ts";
import { exported } from "../support/fixtures.ts";
import { aConsole } from "./world.ts";

describe("a test event", () => {
  it("sends one documented example of each kind and says what became of each", async () => {
    const world = await aConsole();
    const { path } = await world.create();
    const { status, body } = await world.request("POST", `${path}/test`);
    expect(status).toBe(200);
    expect(body.results.map(({ kind, outcome, status: s }: never) => [kind, outcome, s])).toEqual([
      ["feature", "accepted", 200],
      ["click", "accepted", 200],
      ["custom", "accepted", 200],
      ["page", "accepted", 200],
    ]);
    expect(body.results[0]).toMatchObject({
      message: expect.stringContaining("verify it in the Segment Debugger"),
    });
    expect(body.results[0].request.url).toBe(`${world.emulator.url}/v1/batch`);
    expect(body.results[0].request.body).toContain('"event":"feature"');
    expect(body.unsaid.length).toBeGreaterThan(0);
    expect(body.whereToLook).toContain("Debugger");
    expect(JSON.stringify(body)).not.toContain("first-write-key-0001");
    expect(world.emulator.events().map(({ messageId }) => messageId)).toContain(body.results[0].messageId);
  });

  it("sends only the kinds that are asked for, though the destination is off and has other context kinds", async () => {
    const world = await aConsole();
    const { path } = await world.create({
      on: false,
      config: { userIdContextKind: "account", anonymousIdContextKind: "device" },
    });
    const { body } = await world.request("POST", `${path}/test`, { body: { kinds: ["page"] } });
    expect(body.results).toHaveLength(1);
    expect(body.results[0]).toMatchObject({ kind: "page", outcome: "accepted" });
    expect(world.emulator.stats().accepted).toBe(1);
  });

  it("tells a refusal, a silence and a wrong set-up apart", async () => {
    const world = await aConsole();
    const { path } = await world.create();
    const one = async () =>
      (await world.request("POST", `${path}/test`, { body: { kinds: ["feature"] } })).body.results[0];
    const mend = world.emulator.inject({ action: { kind: "status", status: 401 } });
    expect(await one()).toMatchObject({ outcome: "refused", status: 401, code: "http-401" });
    mend();
    await world.request("PATCH", path, { body: { config: { endpoint: "http://127.0.0.1:1" } } });
    expect(await one()).toMatchObject({ outcome: "unanswered", code: "connection-refused" });
    await world.request("PATCH", path, { body: { config: { writeKey: "short" } } });
    expect(await one()).toMatchObject({ outcome: "not-sent", code: "write-key-invalid" });
  });

  // On a clock that stands still while a request is under way: on a busy machine requests arrive closer together than
  // they were sent, and a receiver then counts what the limiter never let go.
  it("does not pass by the rate limit", async () => {
    const clock = new VirtualClock();
    const emulator = await startSegment({ clock });
    onTestFinished(() => emulator.close());
    let sleepers = 0;
    const watched: Clock = {
      nowMs: () => clock.nowMs(),
      wallMs: () => clock.wallMs(),
      after(ms, fn) {
        // Deadlines are longer; only the limiter waits this short.
        const isLimiter = ms < 2_000;
        if (!isLimiter) return clock.after(ms, fn);
        sleepers += 1;
        return clock.after(ms, () => {
          sleepers -= 1;
          fn();
        });
      },
    };
    const sender = new TestSender({ clock: watched, log: silentLog, reserve: () => undefined });
    const destination = aDestination({
      config: { endpoint: emulator.url, rates: { events: 4, requests: 4, bytes: 500_000 } },
    });
    let isDone = false;
    const sent = (async () => {
      const reports = [await sender.send(destination, testKinds), await sender.send(destination, testKinds)];
      isDone = true;
      return reports;
    })();
    while (!isDone) await (sleepers > 0 ? clock.advance(1) : settleMicrotasks());
    const results = (await sent).flatMap((report) => report.results);
    expect(results.map(({ outcome }) => outcome)).toEqual(Array(8).fill("accepted"));
    expect(emulator.stats().maxEventsPerSecond).toBeLessThanOrEqual(4);
    expect(clock.nowMs()).toBeGreaterThan(1_000);
  });

  it("waits for its share of a running pipeline's rate", async () => {
    const asked: [string, number][] = [];
    const emulator = await startSegment();
    onTestFinished(() => emulator.close());
    const reserve = (lane: string, bytes: number) => {
      expect(emulator.stats().requests).toBe(asked.length);
      asked.push([lane, bytes]);
      return Promise.resolve();
    };
    const sender = new TestSender({ clock: systemClock, log: silentLog, reserve });
    const destination = aDestination({ config: { endpoint: emulator.url } });
    await sender.send(destination, testKinds);
    expect(asked.map(([lane]) => lane)).toEqual(testKinds.map(() => destination.id));
    expect(asked.every(([, bytes]) => bytes > 0)).toBe(true);
  });

  it.each(["feature", "click", "custom", "page"] as const)(
    "is the documented example of %s",
    async (kind) => {
      const shipped = new URL(`../../schemas/launchdarkly/examples/${kind}.json`, import.meta.url);
      expect(JSON.parse(await readFile(shipped, "utf8"))).toEqual(exported(kind));
    },
  );

  it("refuses kinds that there are not", async () => {
    const world = await aConsole();
    const { path } = await world.create();
    const { status, body } = await world.request("POST", `${path}/test`, { body: { kinds: ["identify"] } });
    expect(status).toBe(400);
    expect(body.errors[0].path).toBe("/kinds/0");
  });
});
