// Threads without threads: the same messages, moved and cloned as a port does, handled in this one.

import type { FusedPlan } from "../../src/engine/packed.ts";
import { describe, expect, it } from "vitest";

import { RecentIds } from "../../src/commands/backfill/recent-ids.ts";
import { encodeAvro } from "../../src/emulators/avro-events.ts";
import { sampleEvents } from "../../src/emulators/sample-events.ts";
import type { EnvironmentExport } from "../../src/engine/contracts.ts";
import type { FromThread, ToThread } from "../../src/transcode/thread-messages.ts";
import { ThreadWork } from "../../src/transcode/thread-work.ts";
import { type ThreadPort, ThreadsPlan } from "../../src/transcode/threads-plan.ts";
import { FusedWorld, type Scenario, threeDestinations } from "../support/fused.ts";
import { defaults } from "../support/fused-scenarios.ts";

const [one, , three] = threeDestinations;
const scenario: Scenario = { ...defaults, destinations: [one!, three!] };

function portOf(world: FusedWorld): ThreadPort & { closed: boolean } {
  const { avro, json, experiments, windows, segmentEvent, separator, maxEventBytes } = world.settings;
  const plain = { json, experiments, windows, segmentEvent, separator, maxEventBytes };
  let take: (message: FromThread) => void = () => {};
  const work = new ThreadWork(
    structuredClone({ ...plain, avro: avro && { ...avro, reader: avro.reader.json }, lane: undefined }),
    (message, transfer) => {
      const moved = structuredClone(message, { transfer: [...transfer] });
      queueMicrotask(() => take(moved));
    },
  );
  const port = {
    closed: false,
    post(message: ToThread, transfer: readonly ArrayBuffer[]) {
      const moved = structuredClone(message, { transfer: [...transfer] });
      queueMicrotask(() => work.take(moved));
    },
    onMessage(to: typeof take) {
      take = to;
    },
    onError() {},
    async close() {
      port.closed = true;
    },
  };
  return port;
}

function planOf(world: FusedWorld, ports: readonly ThreadPort[], recent: RecentIds): ThreadsPlan {
  // The world's own destinations and enablement: what the stages see.
  const { destinations, enablement, separator } = world.settings;
  return new ThreadsPlan(ports, {
    destinations: destinations as never,
    enablement,
    separator,
    isDuplicate: (names, from) => recent.seenName(names, from),
  });
}

function samples(count: number, encode: (event: object) => Buffer = encodeAvro): Buffer[] {
  const data: Buffer[] = [];
  for (const { event, bytes } of sampleEvents(11)) {
    data.push(bytes ? Buffer.from(bytes) : encode(event));
    if (data.length === count) break;
  }
  return data;
}

describe("a plan in threads", () => {
  it("gives what the stages give, over many blocks, duplicates across threads included", {
    timeout: 120_000,
  }, async () => {
    const world = await FusedWorld.of(scenario);
    const data = samples(4_000);
    const blocks = Array.from({ length: 16 }, (_, i) => data.slice(i * 230, i * 230 + 300));
    const recent = new RecentIds();
    const ports = [portOf(world), portOf(world)];
    const plan = planOf(world, ports, recent);
    let left = 0;
    const fused: FusedPlan = {
      async run(block) {
        const events = await plan.run(block);
        left += events?.left.length ?? Number.POSITIVE_INFINITY;
        return events;
      },
      free: (events) => plan.free(events),
      close: () => plan.close(),
    };
    const staged = await world.run(blocks, { recent: new RecentIds() });
    const threaded = await world.run(blocks, { recent, fused });
    // Which of two copies goes depends on which thread was faster: compare without their places in the file.
    const texts = (written: readonly string[]) =>
      written.map((line) => line.replace(/ f\.avro:\S+/, "")).sort();
    expect(texts(threaded.written)).toEqual(texts(staged.written));
    expect({ ...threaded, written: [] }).toEqual({ ...staged, written: [] });
    expect(left / (16 * 300)).toBeLessThan(0.05);
    expect(ports.map(({ closed }) => closed)).toEqual([true, true]);
  });

  it("gives what the stages give for lines of JSON", async () => {
    const world = await FusedWorld.of(scenario);
    const lines = samples(600, (event) => Buffer.from(JSON.stringify(event)));
    const blocks = [lines.slice(0, 300), lines.slice(300)];
    const fused = planOf(world, [portOf(world), portOf(world)], new RecentIds());
    const staged = await world.run(blocks, { recent: new RecentIds(), json: true });
    expect(await world.run(blocks, { recent: new RecentIds(), fused, json: true })).toEqual(staged);
    expect(staged.written.length).toBeGreaterThan(300);
  });

  it("follows an edit of the enablement with the next block", async () => {
    let exported: EnvironmentExport | undefined;
    const world = await FusedWorld.of({ ...scenario, enablement: { forEnvironment: () => exported } });
    const data = samples(50);
    const plan = planOf(world, [portOf(world)], new RecentIds());
    const off = await world.run([data], { fused: plan });
    expect(off.written).toEqual([]);
    exported = { allFlags: true, events: true, flags: new Set() };
    const on = await world.run([data], { fused: plan });
    expect(on.written.length).toBeGreaterThan(10);
    expect(on).toEqual(await world.run([data], { recent: new RecentIds() }));
  });

  it("fails the run when a thread is gone, and acks nothing that was with it", async () => {
    const world = await FusedWorld.of(scenario);
    let failed: (error: Error) => void = () => {};
    const port: ThreadPort = {
      ...portOf(world),
      post() {},
      onError(to) {
        failed = to;
      },
    };
    const plan = planOf(world, [port], new RecentIds());
    const run = world.run([samples(10)], { fused: plan });
    setTimeout(() => failed(new Error("the thread died")), 20);
    await expect(run).rejects.toThrow("the thread died");
  });
});
