// The local Segment against real clients: Segment's own Node library and our sink.

import { Analytics } from "@segment/analytics-node";
import { afterEach, describe, expect, test } from "vitest";

import { type SegmentEmulator, startSegment } from "../../src/emulators/segment/emulator.ts";
import { systemClock } from "../../src/engine/clock.ts";
import type { Sink } from "../../src/engine/contracts.ts";
import { SegmentEvent } from "../../src/events/segment-event.ts";
import segment from "../../src/sinks/segment/segment.ts";
import { aMessage } from "../sinks/segment/sink-under-test.ts";
import { aContext, aDestination, destinationsOf } from "../support/context.ts";

let server: SegmentEmulator | undefined;
afterEach(() => server?.close());

const WRITE_KEY = "abcdefghijklmnopqrstuvwxyz012345";

describe("@segment/analytics-node", () => {
  function client(host: string): Analytics {
    return new Analytics({ writeKey: WRITE_KEY, host, flushAt: 5, flushInterval: 100, maxRetries: 3 });
  }

  test("delivers every kind of call", async () => {
    server = await startSegment({ writeKeys: [WRITE_KEY] });
    const analytics = client(server.url);
    analytics.track({ userId: "u", event: "feature", properties: { key: "flag" }, messageId: "m-track" });
    analytics.page({ anonymousId: "a", properties: { url: "https://example.com" }, messageId: "m-page" });
    analytics.identify({ userId: "u", traits: { plan: "free" }, messageId: "m-identify" });
    analytics.group({ userId: "u", groupId: "g", messageId: "m-group" });
    analytics.alias({ userId: "u", previousId: "a", messageId: "m-alias" });
    await server.waitForEvents(5);
    await analytics.closeAndFlush({ timeout: 1_000 });
    expect(
      server
        .events()
        .map(({ messageId, type }) => [messageId, type])
        .sort(),
    ).toEqual([
      ["m-alias", "alias"],
      ["m-group", "group"],
      ["m-identify", "identify"],
      ["m-page", "page"],
      ["m-track", "track"],
    ]);
    expect(server.stats()).toMatchObject({ accepted: 5, duplicates: 0, dropped: {} });
    expect(server.events()[0]).toMatchObject({
      writeKey: WRITE_KEY,
      context: { library: { name: "@segment/analytics-node" } },
    });
  });

  test("waits and comes again after a 429 and a 503", async () => {
    server = await startSegment();
    server.inject({ action: { kind: "status", status: 429, headers: { "retry-after": "1" } }, count: 1 });
    server.inject({ action: { kind: "status", status: 503 }, count: 1 });
    const analytics = client(server.url);
    analytics.track({ userId: "u", event: "feature", messageId: "m-1" });
    await server.waitForEvents(1);
    await analytics.closeAndFlush({ timeout: 1_000 });
    expect(server.stats()).toMatchObject({ accepted: 1, answers: { 200: 1, 429: 1, 503: 1 } });
  });
});

describe("the segment sink", () => {
  test("delivers a full batch of the largest size through its definition", async () => {
    server = await startSegment({ writeKeys: [WRITE_KEY], ledgerMaxIds: 5_000 });
    const destination = aDestination({ config: { endpoint: server.url, writeKey: () => WRITE_KEY } });
    const sink: Sink = await segment.create(
      segment.example,
      aContext({ clock: systemClock, destinations: destinationsOf(destination) }),
    );
    const { count, bytes: maxBytes, envelopeBytes, separatorBytes } = sink.limits;
    const items = [];
    let bytes = 0;
    for (let n = 0; n < count; n++) {
      const text = `é${"x".repeat(n % 400)}`;
      const value = new SegmentEvent(destination, aMessage({ messageId: `ld-${n}`, properties: { text } }));
      const encoded = sink.encode(value);
      const size = Buffer.byteLength(encoded);
      if (bytes + separatorBytes + size + envelopeBytes > maxBytes) break;
      bytes += size + (n > 0 ? separatorBytes : 0);
      const origin = {
        id: String(n),
        body: new Uint8Array(),
        attributes: {},
        publishedAtMs: 0,
        attempt: 1,
        writerSchema: undefined,
      };
      items.push({ value, text: encoded, bytes: size, origin });
    }
    await sink.write(
      { lane: sink.laneOf(items[0]!.value), items, bytes, attempt: 1 },
      new AbortController().signal,
    );
    await sink.probe(destination.id, new AbortController().signal);
    await sink.close();
    expect(server.stats()).toMatchObject({
      accepted: items.length,
      duplicates: 0,
      dropped: {},
      answers: { 200: 1, 400: 1 },
    });
    expect(server.requests()[1]!.bytes).toBeLessThanOrEqual(maxBytes);
    const [last] = server.events(1);
    expect(last).toMatchObject({
      messageId: items.at(-1)!.value.message.messageId,
      originalTimestamp: "2026-01-01T00:00:00.000Z",
      context: { library: { name: "sluice" } },
    });
  });
});
