import { describe, expect, test } from "vitest";

import type { FaultAction } from "../../../src/emulators/segment/faults.ts";
import { VirtualClock } from "../../../src/engine/virtual-clock.ts";
import { aDestination } from "../../support/context.ts";
import { aMessage, aSink, CANARY_KEY, destinationAt, faultOf } from "./sink-under-test.ts";
import { kept, segment, sinkTo, write } from "./sink-world.ts";

describe("a write that is delivered", () => {
  test("sends the documented request", async () => {
    const server = await segment();
    const sink = sinkTo(server.url);
    await write(sink);
    const [request] = server.requests();
    expect(request?.path).toBe("/v1/batch");
    expect(request?.headers).toMatchObject({
      "content-type": "application/json",
      "content-length": String(request?.bytes),
      authorization: `Basic ${Buffer.from(`${CANARY_KEY}:`).toString("base64")}`,
      "user-agent": "sluice/1.2.3",
    });
    expect(JSON.parse(String(request?.body))).toEqual({
      batch: [aMessage()],
      sentAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      context: { library: { name: "sluice", version: "1.2.3" } },
      writeKey: CANARY_KEY,
    });
    expect(server.stats()).toMatchObject({ accepted: 1, dropped: {} });
  });

  test.each<[string, FaultAction]>([
    ["the body is cut after the status", { kind: "cut" }],
    ["the body never ends", { kind: "drip" }],
    ["the body is garbage", { kind: "garbage-body" }],
    ["the status is 202", { kind: "status", status: 202 }],
  ])("%s", async (_, action) => {
    const server = await segment();
    server.inject({ action });
    await expect(write(sinkTo(server.url, { timeoutMs: 500 }))).resolves.toBeUndefined();
    expect(server.stats().accepted).toBe(1);
  });

  test("repeats an event with the same bytes, whatever the time and the version", async () => {
    const server = await segment({ ledgerMaxIds: 10 });
    const clock = new VirtualClock();
    const sink = kept(aSink(destinationAt(server.url), {}, { clock }));
    await write(sink);
    await clock.advance(3_600_000);
    await write(sink);
    expect([...server.ids()].map(([id, { deliveries, differing }]) => [id, deliveries, differing])).toEqual([
      ["ld-1", 2, 0],
    ]);
    const [second, first] = server.requests().map(({ body }) => JSON.parse(String(body)).sentAt);
    expect([first, second]).toEqual(["2026-01-01T00:00:00.000Z", "2026-01-01T01:00:00.000Z"]);
  });

  test("takes an endpoint with /v1, and a gateway's path before it", async () => {
    const server = await segment();
    await write(sinkTo(`${server.url}/v1`));
    await faultOf(write(sinkTo(`${server.url}/gateway/`)));
    expect(server.stats().accepted).toBe(1);
  });

  test("reads the write key at each attempt", async () => {
    const server = await segment();
    const keys = ["first-write-key", "second-write-key"];
    const destination = aDestination({
      config: { endpoint: server.url, writeKey: () => keys.shift() ?? "" },
    });
    const sink = kept(aSink(destination));
    await write(sink);
    await write(sink);
    expect(server.requests().map(({ writeKey }) => writeKey)).toEqual([
      "second-write-key",
      "first-write-key",
    ]);
  });

  test("replaces its connections when they are old, and after a row of failures", async () => {
    const server = await segment();
    const clock = new VirtualClock();
    const sink = kept(
      aSink(destinationAt(server.url), { concurrency: 1, connectionTtlMs: 60_000 }, { clock }),
    );
    const port = async (): Promise<unknown> => {
      await write(sink).catch(() => undefined);
      return server.requests(1)[0]?.remotePort;
    };
    const first = await port();
    expect(await port()).toBe(first);
    await clock.advance(60_000);
    const second = await port();
    expect(second).not.toBe(first);
    server.inject({ action: { kind: "status", status: 503 }, count: 5 });
    for (let n = 0; n < 5; n++) expect(await port()).toBe(second);
    expect(await port()).not.toBe(second);
  });
});
