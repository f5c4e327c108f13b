import { readFile } from "node:fs/promises";

import { describe, expect, it } from "vitest";

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

  it("does not pass by the rate limit", async () => {
    const world = await aConsole();
    const { path } = await world.create({ config: { eventsPerSecond: 4, requestsPerSecond: 4 } });
    for (let i = 0; i < 2; i++) await world.request("POST", `${path}/test`);
    expect(world.emulator.stats().maxEventsPerSecond).toBeLessThanOrEqual(4);
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
