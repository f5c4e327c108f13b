// Settings that change while a run goes on.

import { describe, expect, it } from "vitest";

import { SinkFault } from "../../src/engine/errors.ts";
import { Limiter } from "../../src/engine/limiter.ts";
import { VirtualClock } from "../../src/engine/virtual-clock.ts";
import { aRecord, aRun, letterSink, listSource, textSink } from "../support/stages.ts";

const many = (n: number) => Array.from({ length: n }, (_, i) => aRecord(`r${i}`));
const rates = (events: number) => ({
  events,
  requests: Number.POSITIVE_INFINITY,
  bytes: Number.POSITIVE_INFINITY,
});

describe("a limiter whose rate changes", () => {
  it.each([
    [100, 10],
    [10, 100],
    [Number.POSITIVE_INFINITY, 50],
    [50, Number.POSITIVE_INFINITY],
  ])("from %d to %d a second counts what went before against the new rate", async (before, after) => {
    const clock = new VirtualClock();
    const limiter = new Limiter(clock, rates(before), 1_000);
    const sent: number[] = [];
    const drain = async (ms: number) => {
      const end = clock.nowMs() + ms;
      while (clock.nowMs() < end) {
        const { events } = limiter.room();
        const n = Math.min(events, 1_000);
        if (n > 0) limiter.spend(n, n);
        for (let i = 0; i < n; i++) sent.push(clock.nowMs());
        await clock.advance(5);
      }
    };
    await drain(3_000);
    limiter.change(rates(after));
    const changedAt = clock.nowMs();
    const first = sent.length;
    await drain(3_000);
    const afterwards = sent.slice(first);
    if (after === Number.POSITIVE_INFINITY)
      return expect(afterwards.length).toBeGreaterThan(after === before ? 0 : 1_000);
    for (const at of afterwards) {
      const inSecond = sent.filter((time) => time > at - 1_000 && time <= at).length;
      // What was sent under a higher rate before the change is in the window, and nothing is added until it fits.
      if (before <= after || at > changedAt + 1_000) expect(inSecond).toBeLessThanOrEqual(after);
    }
    expect(afterwards.length).toBeGreaterThan(after * 1.5);
  });
});

describe("a lane whose destination was edited", () => {
  it("is probed at once when it was parked, and goes on", async () => {
    let isMended = false;
    const refused = new SinkFault("misconfigured", "no", { code: "http-401" });
    const sink = textSink(async () => {
      if (!isMended) throw refused;
      return undefined;
    });
    sink.probe = async () => {
      if (!isMended) throw refused;
    };
    const records = many(3);
    const { run, clock, finish } = aRun({ sink, source: listSource(records) });
    await clock.advance(1_000);
    expect(run.lanes()).toMatchObject([
      { sink: "text", name: "main", state: "parked", waiting: 3, writing: 0 },
    ]);
    isMended = true;
    run.refreshLanes();
    await clock.advance(10);
    expect(records.map(({ settled }) => settled)).toEqual(["ack", "ack", "ack"]);
    await finish();
  });

  it("takes its new rates for what waits already", async () => {
    const sink = textSink();
    let perSecond = 1;
    const settings = sink.laneSettings("main");
    sink.laneSettings = () => ({ ...settings, rates: rates(perSecond) });
    const records = many(100);
    const { run, clock, finish } = aRun({ sink, source: listSource(records) });
    await clock.advance(3_000);
    expect(records.filter(({ settled }) => settled).length).toBeLessThanOrEqual(4);
    perSecond = 10_000;
    run.refreshLanes();
    await clock.advance(1_100);
    expect(records.every(({ settled }) => settled === "ack")).toBe(true);
    await finish();
  });

  it("waits for nothing any more when it is gone, and what a person decided does not fill the window", async () => {
    let isGone = false;
    const sink = textSink(async () => {
      if (!isGone) throw new SinkFault("throttled", "later", { code: "http-429", retryAfterMs: 3_600_000 });
      throw new SinkFault("rejected", "deleted", { code: "destination-deleted", isDeliberate: true });
    });
    const settings = sink.laneSettings("main");
    sink.laneSettings = () => ({ ...settings, isGone });
    const deadLetters = letterSink();
    const records = many(50);
    const { run, clock, finish } = aRun({
      sink,
      deadLetters,
      source: listSource(records),
      deadLetterWindow: { size: 100, max: 5 },
    });
    await clock.advance(1_000);
    expect(run.lanes()[0]).toMatchObject({ state: "throttled", waiting: 50 });
    isGone = true;
    run.refreshLanes();
    await clock.advance(100);
    expect(deadLetters.letters.map(({ code }) => code)).toEqual(Array(50).fill("destination-deleted"));
    expect((await finish()).state).toBe("stopped");
  });
});

describe("a reservation", () => {
  it("goes before the queue and counts against the rate", async () => {
    const sink = textSink();
    const settings = sink.laneSettings("main");
    sink.laneSettings = () => ({ ...settings, rates: rates(10) });
    const records = many(100);
    const { run, clock, finish } = aRun({ sink, source: listSource(records, { live: true }) });
    await clock.advance(100);
    let granted = 0;
    const { signal } = new AbortController();
    for (let i = 0; i < 5; i++) void run.reserve("main", 100, signal)!.then(() => granted++);
    const before = records.filter(({ settled }) => settled).length;
    await clock.advance(450);
    expect(granted).toBeGreaterThanOrEqual(4);
    expect(records.filter(({ settled }) => settled).length - before).toBeLessThanOrEqual(1);
    run.stop();
    await finish();
  });

  it("is given up when its signal aborts, and none is given by a run that ended", async () => {
    const sink = textSink();
    const settings = sink.laneSettings("main");
    sink.laneSettings = () => ({ ...settings, rates: { events: 10, requests: 10, bytes: 1 } });
    const { run, finish, clock } = aRun({ sink, source: listSource([], { live: true }) });
    const controller = new AbortController();
    const granted = run.reserve("main", 1_000_000, controller.signal);
    controller.abort(new Error("given up"));
    await expect(granted).rejects.toThrow("given up");
    await clock.advance(1);
    run.stop();
    await finish();
    expect(run.reserve("main", 1, controller.signal)).toBeUndefined();
  });
});
