// Keys change under load, and each event goes out with one key that held while it was on its way.

import { expect, it, vi } from "vitest";

import type { ReceivedRequest } from "../../src/emulators/segment/ingest-handler.ts";
import { systemClock } from "../../src/engine/clock.ts";
import type { ListedRecord } from "../support/stages.ts";
import { aConsole, aFeature, ENVIRONMENT } from "./world.ts";

const ROTATIONS = 12;
const EVENTS_AT_ONCE = 15;
const PAUSE_MS = 10;
const long = { timeout: 60_000, interval: 20 };

const enabled = [
  {
    project: undefined,
    environment: ENVIRONMENT,
    exported: { allFlags: true, events: true, flags: new Set<string>() },
  },
];

/** When a key held, in ms of the process's clock: from when the pipeline had it until it had the next one. */
interface Span {
  readonly key: string;
  readonly fromMs: number;
  untilMs: number;
}

interface Offered {
  readonly record: ListedRecord;
  readonly atMs: number;
  settledAtMs: number;
}

/** Notes each key when the running pipeline has it. */
function followKeys({ destinations, open }: Awaited<ReturnType<typeof aConsole>>): Span[] {
  const spans: Span[] = [];
  const look = () => {
    const key = destinations.all()[0]?.config.writeKey();
    if (key === undefined || key === spans.at(-1)?.key) return;
    const fromMs = systemClock.nowMs();
    for (const before of spans.slice(-1)) before.untilMs = fromMs;
    spans.push({ key, fromMs, untilMs: Number.POSITIVE_INFINITY });
  };
  // After the pipeline's own reader, which was there first.
  open.store.watch(look);
  return spans;
}

function offerer(world: Awaited<ReturnType<typeof aConsole>>) {
  const offered = new Map<string, Offered>();
  const offer = () => {
    const name = `flag-${offered.size}`;
    const atMs = systemClock.nowMs();
    const settled = (record: ListedRecord) => {
      const { settle } = record;
      record.settle = (how) => {
        one.settledAtMs = systemClock.nowMs();
        settle(how);
      };
    };
    const record = world.offer(aFeature(name), ENVIRONMENT, settled);
    const one: Offered = { record, atMs, settledAtMs: Number.NaN };
    offered.set(name, one);
  };
  return { offered, offer };
}

interface Sent {
  readonly writeKey: string;
  readonly batch: readonly { readonly messageId: string; readonly properties: { readonly key: string } }[];
}

const authorizationOf = (writeKey: string) => `Basic ${Buffer.from(`${writeKey}:`).toString("base64")}`;
const isTakenWith = (writeKey: string) => (request: ReceivedRequest) =>
  request.status === 200 && request.headers["authorization"] === authorizationOf(writeKey);

it("each event goes out with one key, which held while the event was on its way; none is lost or sent under two", async () => {
  const world = await aConsole({ enablement: enabled, segment: { keepEvents: 100_000 } });
  // Requests overlap changes of the key, and some are tried again after one.
  world.emulator.inject({ action: { kind: "status", status: 503 }, percent: 10, delayMs: 30 });
  world.emulator.inject({ action: { kind: "answer" }, percent: 60, delayMs: 40 });
  const spans = followKeys(world);
  const config = { eventsPerSecond: 20_000, requestsPerSecond: 2_000 };
  const { path } = await world.create({ config });
  await vi.waitFor(() => expect(spans).toHaveLength(1), long);

  const { offered, offer } = offerer(world);
  const feeding = setInterval(() => {
    for (let i = 0; i < EVENTS_AT_ONCE; i += 1) offer();
  }, PAUSE_MS);
  const isUsed = (key: string) => expect(world.emulator.requests().some(isTakenWith(key))).toBe(true);
  try {
    await vi.waitFor(() => isUsed(spans[0]!.key), long);
    for (let version = 1; version <= ROTATIONS; version += 1) {
      const writeKey = `write-key-of-version-${version}`;
      const changed = await world.request("PATCH", path, { body: { config: { writeKey } } });
      expect(changed.status).toBe(200);
      const before = offered.size;
      await vi.waitFor(() => {
        expect(spans.at(-1)!.key).toBe(writeKey);
        expect(offered.size).toBeGreaterThan(before + EVENTS_AT_ONCE);
        isUsed(writeKey);
      }, long);
    }
  } finally {
    clearInterval(feeding);
  }
  const all = [...offered.values()];
  await vi.waitFor(() => expect(all.every(({ record }) => record.settled === "ack")).toBe(true), long);

  const requests = world.emulator.requests();
  const taken = new Map<string, string[]>();
  const usedTooEarlyOrLate: object[] = [];
  for (const request of requests) {
    const { writeKey, batch } = JSON.parse(String(request.body)) as Sent;
    expect(request.headers["authorization"]).toBe(authorizationOf(writeKey));
    const span = spans.find(({ key }) => key === writeKey);
    for (const { messageId, properties } of batch) {
      const { atMs, settledAtMs } = offered.get(properties.key)!;
      const untilMs = Math.min(settledAtMs, request.atMs);
      if (!span || span.fromMs > untilMs || span.untilMs < atMs)
        usedTooEarlyOrLate.push({ writeKey, span, atMs, untilMs });
      if (request.status === 200) taken.set(messageId, [...(taken.get(messageId) ?? []), writeKey]);
    }
  }
  expect(usedTooEarlyOrLate).toEqual([]);
  expect(taken.size).toBe(all.length);
  expect([...taken.values()].filter(({ length }) => length !== 1)).toEqual([]);
  expect(world.emulator.stats()).toMatchObject({ accepted: all.length, duplicates: 0 });
  // The test was one: each key was used, and requests under way met a change.
  expect(new Set([...taken.values()].flat()).size).toBe(ROTATIONS + 1);
  expect(requests.some(({ status }) => status === 503)).toBe(true);
}, 120_000);
