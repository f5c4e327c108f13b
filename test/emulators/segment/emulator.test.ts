import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { VirtualClock } from "../../../src/engine/virtual-clock.ts";
import { batch, codes, event, KEY, post, segment } from "./segment-world.ts";

describe("what is taken", () => {
  test("every call, by body key, by Basic, by the old path, and gzipped", async () => {
    const server = await segment();
    const basic = { authorization: `Basic ${Buffer.from(`${KEY}:`).toString("base64")}` };
    const single = { userId: "u", event: "e", previousId: "p", groupId: "g", writeKey: KEY };
    for (const type of ["track", "page", "identify", "screen", "group", "alias"])
      expect((await post(server, single, { path: `/v1/${type}` })).status).toBe(200);
    await post(server, { batch: [event()] }, { headers: basic });
    await post(server, batch(event()), { path: "/v1/import" });
    await post(server, gzipSync(JSON.stringify(batch(event()))), { headers: { "content-encoding": "gzip" } });
    expect(server.stats()).toMatchObject({ accepted: 9, dropped: {} });
    expect(server.events().every(({ writeKey }) => writeKey === KEY)).toBe(true);
  });

  test("comes out as Segment hands it on, with the clock of the sender corrected", async () => {
    const clock = new VirtualClock(Date.UTC(2026, 0, 1));
    const server = await segment({ clock });
    await post(server, {
      writeKey: KEY,
      sentAt: "2025-12-31T23:00:00.000Z",
      context: { library: { name: "sluice" } },
      integrations: { All: true },
      batch: [event({ messageId: "m-x", timestamp: "2025-12-31T22:59:58.500Z", context: { ip: "::1" } })],
    });
    expect(server.events()).toEqual([
      {
        type: "track",
        event: "feature",
        userId: "u",
        messageId: "m-x",
        context: { library: { name: "sluice" }, ip: "::1" },
        integrations: { All: true },
        originalTimestamp: "2025-12-31T22:59:58.500Z",
        sentAt: "2025-12-31T23:00:00.000Z",
        receivedAt: "2026-01-01T00:00:00.000Z",
        timestamp: "2025-12-31T23:59:58.500Z",
        writeKey: KEY,
      },
    ]);
  });

  test("is de-duplicated by messageId across keys, until the window is over", async () => {
    const clock = new VirtualClock();
    const server = await segment({ clock, dedupeWindowMs: 1_000 });
    await post(server, batch(event({ messageId: "same" })));
    await post(server, {
      batch: [event({ messageId: "same", userId: "other" })],
      writeKey: "another-write-key",
    });
    expect(server.stats()).toMatchObject({ accepted: 1, duplicates: 1, dropped: {} });
    expect(codes(server)).toEqual(["duplicate"]);
    await clock.advance(1_000);
    await post(server, batch(event({ messageId: "same" })));
    expect(server.stats()).toMatchObject({ accepted: 2, duplicates: 1 });
  });

  test("gets an id from Segment when it has none, so that a retry is a second event", async () => {
    const server = await segment();
    const nameless = event({ messageId: undefined });
    await post(server, batch(nameless));
    await post(server, batch(nameless));
    expect(server.stats()).toMatchObject({ accepted: 2, duplicates: 0 });
  });

  test("is counted by id with its bytes, for an oracle", async () => {
    const server = await segment({ ledgerMaxIds: 10 });
    const [a, b] = [event({ messageId: "a" }), event({ messageId: "b" })];
    await post(server, batch(a, b));
    await post(server, batch(a, { ...b, event: "changed" }));
    expect([...server.ids()].map(([id, record]) => [id, record.deliveries, record.differing])).toEqual([
      ["a", 2, 0],
      ["b", 2, 1],
    ]);
    expect(server.stats().differingIds).toBe(1);
    const lines = (await (await fetch(`${server.url}/ids.ndjson`)).text()).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).slice(0, 2))).toEqual([
      ["a", 2],
      ["b", 2],
    ]);
  });

  test("is kept only as far as there is room", async () => {
    const server = await segment({ keepEvents: 3, dedupeMaxIds: 2 });
    for (const messageId of ["a", "b", "c", "d"]) await post(server, batch(event({ messageId })));
    expect(server.events().map(({ messageId }) => messageId)).toEqual(["d", "c", "b"]);
    expect(server.events(1).map(({ messageId }) => messageId)).toEqual(["d"]);
    await post(server, batch(event({ messageId: "a" })));
    expect(server.stats()).toMatchObject({ accepted: 5, duplicates: 0 });
  });
});

describe("429", () => {
  test("above the events of a sliding second, with both headers, and until it has passed", async () => {
    const clock = new VirtualClock();
    const server = await segment({ clock, rates: { events: 3 }, retryAfterSeconds: 2 });
    expect((await post(server, batch(event(), event()))).status).toBe(200);
    await clock.advance(500);
    const refused = await post(server, batch(event(), event()));
    expect(refused.status).toBe(429);
    expect([refused.headers.get("retry-after"), refused.headers.get("x-ratelimit-reset")]).toEqual([
      "2",
      "2",
    ]);
    expect((await post(server, batch(event()))).status).toBe(200);
    await clock.advance(500);
    expect((await post(server, batch(event(), event()))).status).toBe(200);
    expect(server.stats()).toMatchObject({ accepted: 5, maxEventsPerSecond: 5, maxRequestsPerSecond: 3 });
  });

  test("above the requests; the rate can be changed while it runs", async () => {
    const server = await segment({ clock: new VirtualClock(), rates: { requests: 1 } });
    expect((await post(server, batch(event()))).status).toBe(200);
    expect((await post(server, batch(event()))).status).toBe(429);
    server.setRates({ requests: 3 });
    expect((await post(server, batch(event()))).status).toBe(200);
  });

  test("not for a batch that is larger than the rate by itself, when the second is empty", async () => {
    const server = await segment({ clock: new VirtualClock(), rates: { events: 1 } });
    expect((await post(server, batch(event(), event()))).status).toBe(200);
  });
});

test("no body, however odd, brings it down", async () => {
  const server = await segment({ ledgerMaxIds: 1_000 });
  const oddEvent = fc.oneof(
    fc.jsonValue(),
    fc.dictionary(
      fc.constantFrom("type", "userId", "messageId", "__proto__", "event", "timestamp"),
      fc.jsonValue(),
    ),
  );
  const body = fc.oneof(
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
    fc
      .array(oddEvent)
      .map((events) => Buffer.from(JSON.stringify({ batch: events, writeKey: KEY, sentAt: 7 }))),
  );
  const encoding = fc.constantFrom("identity", "gzip", "br");
  const path = fc.constantFrom("/v1/batch", "/v1/track", "/v1/alias", "/_control");
  await fc.assert(
    fc.asyncProperty(body, encoding, path, async (bytes, contentEncoding, to) => {
      const answer = await post(server, bytes, {
        path: to,
        headers: { "content-encoding": contentEncoding },
      });
      expect([200, 400]).toContain(answer.status);
    }),
    { numRuns: 500 },
  );
  expect((await fetch(`${server.url}/events.json?limit=1000`)).status).toBe(200);
});
