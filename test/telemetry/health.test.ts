import { beforeEach, describe, expect, it } from "vitest";

import { VirtualClock } from "../../src/engine/virtual-clock.ts";
import { Health } from "../../src/telemetry/health.ts";
import { watched } from "./watched.ts";

let clock: VirtualClock;
let pipeline: ReturnType<typeof watched>;
let running: ReturnType<typeof watched>[];
let health: Health;

beforeEach(() => {
  clock = new VirtualClock();
  pipeline = watched();
  running = [pipeline];
  health = new Health({
    clock,
    pipelines: () => running,
    expected: () => running.length,
    stuckMs: 60_000,
    loopMs: 30_000,
  });
});

const lane = { name: "segment", state: "open" as const, waiting: 5, writing: 0 };

describe("livez", () => {
  it("says no when records are in hand, nothing outside is waited for, and nothing moves", async () => {
    pipeline.metrics.set("records_in_flight", 5);
    pipeline.dials.lanes = [lane];
    await clock.advance(59_000);
    expect(health.live()).toMatchObject({ ok: true });
    await clock.advance(5_000);
    expect(health.live()).toMatchObject({ ok: false, status: "stuck" });
    expect(health.live().reasons[0]).toMatch(
      /^under-test: records are in hand and nothing moved for 6\d{4} ms$/,
    );
    pipeline.metrics.count("sink_events_delivered_total", 1, { destination: "segment" });
    expect(health.live()).toMatchObject({ ok: true });
  });

  it.each([
    ["nothing is in hand", () => pipeline.metrics.set("records_in_flight", 0)],
    ["a write is under way", () => pipeline.dials.lanes.splice(0, 1, { ...lane, writing: 1 })],
    ["the destination is parked", () => pipeline.dials.lanes.splice(0, 1, { ...lane, state: "parked" })],
    ["the destination is broken", () => pipeline.dials.lanes.splice(0, 1, { ...lane, state: "broken" })],
    ["the destination throttles", () => pipeline.dials.lanes.splice(0, 1, { ...lane, state: "throttled" })],
    ["values wait for a schema", () => pipeline.metrics.set("held_values", 3, { stage: "avro-decode" })],
    ["the disk of the dead letters is full", () => pipeline.metrics.set("dead_letters_blocked", 1)],
    ["the run has stopped", () => Object.assign(pipeline.dials, { state: "stopped" })],
  ])("says yes for ever when %s: a restart would mend nothing", async (_, set) => {
    pipeline.metrics.set("records_in_flight", 5);
    pipeline.dials.lanes = [lane];
    set();
    await clock.advance(3_600_000);
    expect(health.live()).toMatchObject({ ok: true, reasons: [] });
  });

  it("says no when the event loop stood still", () => {
    let now = 0;
    const standing = new Health({
      clock: { nowMs: () => now, wallMs: () => now, after: () => () => {} },
      pipelines: () => [],
      expected: () => 0,
      stuckMs: 60_000,
      loopMs: 30_000,
    });
    now = 31_000;
    expect(standing.live()).toMatchObject({
      ok: false,
      reasons: ["the event loop stood still for 31000 ms"],
    });
  });
});

describe("readyz", () => {
  it("says no before everything has started", async () => {
    running = [];
    const starting = new Health({
      clock,
      pipelines: () => running,
      expected: () => 2,
      stuckMs: 1,
      loopMs: 1,
    });
    expect(starting.startup()).toEqual({
      ok: false,
      status: "starting",
      reasons: ["0 of 2 pipelines started"],
    });
    running = [pipeline];
    expect(await starting.ready()).toMatchObject({ ok: false, reasons: ["1 of 2 pipelines started"] });
    running = [pipeline, watched("other")];
    expect(await starting.ready()).toEqual({ ok: true, status: "ready", reasons: [] });
    running = [];
    expect(starting.startup()).toMatchObject({ ok: true });
  });

  it("says no while the source is not open, and while dead letters cannot be written", async () => {
    pipeline.metrics.set("source_open", 0);
    expect(await health.ready()).toMatchObject({
      ok: false,
      reasons: ["under-test: the source is not open"],
    });
    pipeline.metrics.set("source_open", 1);
    expect(await health.ready()).toMatchObject({ ok: true });
    pipeline.dials.deadLetterTrouble = "disk full";
    expect(await health.ready()).toMatchObject({ ok: true });
    await clock.advance(6_000);
    expect(await health.ready()).toMatchObject({
      ok: false,
      reasons: ["under-test: dead letters cannot be written: disk full"],
    });
  });

  it("says no from the moment that a stop is asked for, and after it", async () => {
    pipeline.dials.stopping = true;
    expect(await health.ready()).toMatchObject({ ok: false, reasons: ["under-test: draining"] });
    pipeline.dials.state = "draining";
    expect(await health.ready()).toMatchObject({ ok: false, reasons: ["under-test: draining"] });
    pipeline.dials.state = "stopped";
    expect(await health.ready()).toMatchObject({ ok: false, reasons: ["under-test: stopped"] });
  });

  it("stays ready while what was read of an input that ended is delivered", async () => {
    pipeline.dials.state = "draining";
    expect(await health.ready()).toEqual({ ok: true, status: "ready", reasons: [] });
  });

  it("is ready but degraded when a destination is parked", async () => {
    pipeline.dials.lanes = [{ ...lane, state: "parked" }];
    expect(await health.ready()).toEqual({
      ok: true,
      status: "degraded",
      reasons: ["under-test: destination segment is parked"],
    });
  });
});

it("leaves no timer behind", () => {
  health.stop();
  expect(clock.pendingTimers).toBe(0);
});
