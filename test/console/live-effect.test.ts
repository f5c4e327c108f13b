import { readFile } from "node:fs/promises";

import { describe, expect, it, vi } from "vitest";

import { aConsole, aFeature, ENVIRONMENT } from "./world.ts";

const enabled = [
  {
    project: undefined,
    environment: ENVIRONMENT,
    exported: { allFlags: true, events: true, flags: new Set<string>() },
  },
];
/** What an edit may take to reach a running pipeline. */
const soon = { timeout: 2_000, interval: 20 };

type World = Awaited<ReturnType<typeof aConsole>>;
const lettersOf = async ({ deadLetters }: World) =>
  (await readFile(deadLetters, "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { code: string; message: string; destination: string });

describe("an edit reaches a running pipeline", () => {
  it("a new destination gets the next events", async () => {
    const world = await aConsole({ enablement: enabled });
    const before = world.offer(aFeature("flag"));
    await vi.waitFor(() => expect(before.settled).toBe("ack"), soon);
    expect(world.job.metrics.samples("dropped_total")[0]?.labels["reason"]).toBe("no-destination");
    await world.create();
    world.offer(aFeature("flag"));
    await world.emulator.waitForEvents(1, 2_000);
  });

  it("another process's edit counts as well", async () => {
    const world = await aConsole({ enablement: enabled });
    const { Store } = await import("../../src/destinations/store.ts");
    const { DestinationKeeper } = await import("../../src/destinations/destination-keeper.ts");
    const { systemClock } = await import("../../src/engine/clock.ts");
    const { open } = world;
    // LMDB hands out one environment per path and process; a second keeper on it stands for the second process.
    const keeper = new DestinationKeeper(await Store.open(open.folder), {
      clock: systemClock,
      ring: open.ring,
      reach: open.reach,
    });
    await keeper.create({
      name: "From elsewhere",
      environment: ENVIRONMENT,
      on: true,
      config: { writeKey: "a-key-from-elsewhere-01", endpoint: world.emulator.url },
    });
    await vi.waitFor(async () => {
      world.offer(aFeature("flag"));
      expect(world.emulator.stats().accepted).toBeGreaterThan(0);
    }, soon);
  });

  it("a mended key lets a parked destination go on at once, and nothing is lost", async () => {
    const world = await aConsole({ enablement: enabled });
    const mend = world.emulator.inject({ action: { kind: "status", status: 401 } });
    const { path } = await world.create();
    const records = [1, 2, 3].map(() => world.offer(aFeature("flag")));
    const status = async () => (await world.request("GET", `${path}/status`)).body;
    await vi.waitFor(async () => expect(await status()).toMatchObject({ state: "parked", waiting: 3 }), soon);
    mend();
    await world.request("PATCH", path, { body: { config: { writeKey: "the-right-key-at-last-1" } } });
    await world.emulator.waitForEvents(3, 2_000);
    await vi.waitFor(
      () => expect(records.map(({ settled }) => settled)).toEqual(["ack", "ack", "ack"]),
      soon,
    );
    expect(await status()).toMatchObject({ state: "open", waiting: 0, delivered: 3 });
  });

  it("changed rates hold without a restart", async () => {
    const world = await aConsole({ enablement: enabled });
    const { path } = await world.create({ config: { eventsPerSecond: 1, requestsPerSecond: 1 } });
    for (let i = 0; i < 200; i++) world.offer(aFeature("flag"));
    await world.emulator.waitForEvents(1, 2_000);
    await world.request("PATCH", path, {
      body: { config: { eventsPerSecond: 10_000, requestsPerSecond: 1_000 } },
    });
    await world.emulator.waitForEvents(200, 2_000);
  });

  it("deleting needs force while a pipeline sends; what is held then is dead-lettered, not lost", async () => {
    const world = await aConsole({ enablement: enabled });
    world.emulator.inject({
      action: { kind: "status", status: 429, headers: { "retry-after": "3600" } },
    });
    const { path, body } = await world.create();
    // More than the dead-letter window takes: what a person decided does not stop the pipeline.
    const records = Array.from({ length: 10 }, () => world.offer(aFeature("flag")));
    await vi.waitFor(async () => {
      expect((await world.request("GET", `${path}/status`)).body.waiting).toBe(10);
    }, soon);
    const refused = await world.request("DELETE", path);
    expect(refused.status).toBe(409);
    expect(refused.body.message).toContain("under-test");
    expect((await world.request("DELETE", `${path}?force=true`)).status).toBe(204);
    await vi.waitFor(() => expect(records.every(({ settled }) => settled === "ack")).toBe(true), soon);
    const letters = await lettersOf(world);
    expect(letters).toHaveLength(10);
    expect(new Set(letters.map(({ code }) => code))).toEqual(new Set(["destination-deleted"]));
    expect(letters[0]!.destination).toBe(body._id);
    expect(world.job.run.state).toBe("running");
  });

  it("a flag that is switched on passes from then on, and one in git stays on", async () => {
    const world = await aConsole({
      enablement: [
        {
          project: undefined,
          environment: ENVIRONMENT,
          exported: { allFlags: false, events: true, flags: new Set(["in-git"]) },
        },
      ],
    });
    await world.create();
    const dropped = world.offer(aFeature("checkout"));
    await vi.waitFor(() => expect(dropped.settled).toBe("ack"), soon);
    const seen = await world.request("GET", "/api/v2/flags/*?limit=100");
    expect(seen.body.items.map(({ key }: { key: string }) => key)).toEqual(["checkout", "in-git"]);
    expect(seen.body.items[0].environments[ENVIRONMENT]).toMatchObject({ trackEvents: false, _dropped: 1 });
    const on = [{ op: "replace", path: `/environments/${ENVIRONMENT}/trackEvents`, value: true }];
    expect((await world.request("PATCH", "/api/v2/flags/*/checkout", { body: on })).status).toBe(200);
    world.offer(aFeature("checkout"));
    await world.emulator.waitForEvents(1, 2_000);
    const off = [{ op: "replace", path: `/environments/${ENVIRONMENT}/trackEvents`, value: false }];
    expect((await world.request("PATCH", "/api/v2/flags/*/in-git", { body: off })).status).toBe(403);
  });

  it("a whole environment can be switched on and off", async () => {
    const world = await aConsole();
    await world.create();
    const path = `/api/sluice/enablement/*/${ENVIRONMENT}`;
    expect((await world.request("PATCH", path, { body: { allFlags: true } })).body).toMatchObject({
      allFlags: true,
      events: true,
    });
    world.offer(aFeature("any"));
    await world.emulator.waitForEvents(1, 2_000);
    expect((await world.request("GET", "/api/sluice/enablement")).body.items).toHaveLength(1);
    expect((await world.request("DELETE", path)).status).toBe(204);
    expect((await world.request("DELETE", path)).status).toBe(404);
    const after = world.offer(aFeature("any"));
    await vi.waitFor(() => expect(after.settled).toBe("ack"), soon);
    expect(world.emulator.stats().accepted).toBe(1);
  });
});
