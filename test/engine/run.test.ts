import { describe, expect, it } from "vitest";

import { Drop, Many } from "../../src/engine/contracts.ts";
import { DataError, SinkFault } from "../../src/engine/errors.ts";
import { recordingLog } from "../support/context.ts";
import { aRecord, aRun, letterSink, listSource, textSink, toText } from "../support/stages.ts";

const unavailable = () => new SinkFault("unavailable", "no answer", { code: "timeout" });

describe("a run", () => {
  it("ends by itself when its input ends, with everything acked and everything closed", async () => {
    const records = [aRecord("a"), aRecord("b")];
    const source = listSource(records);
    const sink = textSink();
    const { finish } = aRun({ source, sink });
    expect(await finish()).toEqual({ state: "stopped", gaveBack: 0 });
    expect(records.map((r) => r.settled)).toEqual(["ack", "ack"]);
    expect(sink.writes).toEqual([["a", "b"]]);
    expect([source.closed, sink.closed]).toEqual([true, true]);
  });

  it("acks only after the dead letter is written", async () => {
    const record = aRecord("a");
    let settledAtWrite: string | undefined = "unset";
    const deadLetters = letterSink(async () => {
      settledAtWrite = record.settled;
      return undefined;
    });
    const bad = {
      type: "bad",
      transform: {
        apply: () => {
          throw new DataError("too-bad", "it is bad");
        },
      },
    };
    await aRun({ source: listSource([record]), transforms: [bad], deadLetters }).finish();
    expect(settledAtWrite).toBe(undefined);
    expect(record.settled).toBe("ack");
    expect(deadLetters.letters).toEqual([
      {
        id: "a",
        pipeline: "test",
        configVersion: "v1",
        stage: "bad",
        code: "too-bad",
        message: "it is bad",
        attempt: 1,
        failedAt: "2026-01-01T00:00:00.000Z",
        attributes: {},
        body: Buffer.from("a").toString("base64"),
      },
    ]);
  });

  it("holds and acks nothing while the dead letters cannot be written, and goes on when they can", async () => {
    const record = aRecord("a");
    const failures = [1, 2, 3];
    const deadLetters = letterSink(async () => {
      expect(record.settled).toBe(undefined);
      if (failures.pop()) throw new SinkFault("unavailable", "no space left", { code: "disk-full" });
      return undefined;
    });
    const bug = {
      type: "bug",
      transform: {
        apply: () => {
          throw new TypeError("oh");
        },
      },
    };
    const { finish } = aRun({ source: listSource([record]), transforms: [bug], deadLetters });
    expect(await finish()).toEqual({ state: "stopped", gaveBack: 0 });
    expect(deadLetters.letters.map((l) => l.code)).toEqual(["bug"]);
    expect(record.settled).toBe("ack");
  });

  it("writes dead letters soon after a stop, however long it had failed before", async () => {
    const record = aRecord("a");
    let isFull = true;
    const deadLetters = letterSink(async () => {
      if (isFull) throw new SinkFault("unavailable", "no space left", { code: "disk-full" });
      return undefined;
    });
    const bad = {
      type: "bad",
      transform: {
        apply: () => {
          throw new DataError("too-bad", "it is bad");
        },
      },
    };
    const source = listSource([record], { live: true });
    const { run, clock, finish } = aRun({ source, transforms: [bad], deadLetters, drainMs: 1_500 });
    await clock.advance(600_000);
    run.stop();
    await clock.advance(100);
    isFull = false;
    expect(await finish()).toEqual({ state: "stopped", gaveBack: 0 });
    expect(record.settled).toBe("ack");
  });

  it("gives back what is left when a stop runs out of time", async () => {
    const records = [aRecord("a"), aRecord("b")];
    const sink = textSink(async () => {
      throw unavailable();
    });
    const { run, clock, finish } = aRun({
      source: listSource(records, { live: true }),
      sink,
      drainMs: 5_000,
    });
    await clock.advance(1_000);
    run.stop();
    expect(await finish()).toEqual({ state: "stopped", gaveBack: 2 });
    expect(records.map((r) => r.settled)).toEqual(["nack", "nack"]);
  });

  it("gives back at the deadline even when the source is stuck in an offer", async () => {
    const records = [aRecord("a"), aRecord("b"), aRecord("c")];
    const sink = textSink(async () => {
      throw unavailable();
    });
    const { run, clock, finish } = aRun({
      source: listSource(records, { live: true }),
      sink,
      drainMs: 5_000,
      inFlight: { records: 1, bytes: 100 },
    });
    await clock.advance(1_000);
    run.stop();
    expect(await finish()).toEqual({ state: "stopped", gaveBack: 2 });
    expect(records.map((r) => r.settled)).toEqual(["nack", "nack", undefined]);
  });

  it("fails visibly on a bug in a sink, and gives everything back", async () => {
    const record = aRecord("a");
    const sink = textSink(async () => {
      throw new TypeError("undefined is not a function");
    });
    const log = recordingLog();
    const result = await aRun({ source: listSource([record], { live: true }), sink }, { log }).finish();
    expect(result).toMatchObject({
      state: "failed",
      gaveBack: 1,
      error: { message: "undefined is not a function" },
    });
    expect(record.settled).toBe("nack");
    expect(log.lines.map((l) => l.level)).toContain("error");
  });

  it("fails when a sink answers for another number of items than it was given", async () => {
    const sink = textSink(async () => [null]);
    const result = await aRun({ source: listSource([aRecord("a"), aRecord("b")]), sink }).finish();
    expect(result).toMatchObject({ state: "failed", gaveBack: 2 });
  });

  it("stops before a schema change can empty a topic into the dead letters", async () => {
    const records = Array.from({ length: 30 }, (_, i) => aRecord(`r${i}`));
    const deadLetters = letterSink();
    const bad = {
      type: "bad",
      transform: {
        apply: () => {
          throw new DataError("no", "no");
        },
      },
    };
    const { finish } = aRun({
      source: listSource(records, { live: true }),
      transforms: [bad],
      deadLetters,
      deadLetterWindow: { size: 20, max: 10 },
    });
    const result = await finish();
    expect(result).toMatchObject({ state: "failed", error: { code: "dead-letter-window" } });
    expect(
      records.filter((r) => r.settled === "nack").length + deadLetters.letters.length,
    ).toBeGreaterThanOrEqual(30);
  });

  it("delivers what was in flight when the source itself fails", async () => {
    const record = aRecord("a");
    const source = listSource([]);
    source.run = async (intake) => {
      intake.offer(record);
      throw new Error("the subscription is gone");
    };
    const result = await aRun({ source }).finish();
    expect(result).toMatchObject({
      state: "failed",
      gaveBack: 0,
      error: { message: "the subscription is gone" },
    });
    expect(record.settled).toBe("ack");
  });

  it("counts drops by reason and settles them", async () => {
    const record = aRecord("a");
    const drop = { type: "drop", transform: { apply: () => new Drop("not-wanted", "flag-1") } };
    const { run, finish } = aRun({ source: listSource([record]), transforms: [drop] });
    await finish();
    expect(run.metrics.samples("dropped_total")).toEqual([
      { name: "dropped_total", labels: { stage: "drop", reason: "not-wanted" }, value: 1 },
    ]);
    expect(record.settled).toBe("ack");
  });
});

describe("lanes", () => {
  const toLanes = (...lanes: string[]) => ({
    type: "fan-out",
    transform: { apply: (value: unknown) => new Many(lanes.map((lane) => `${lane}:${String(value)}`)) },
  });

  it("do not delay each other: one destination is down, the other gets everything at once", async () => {
    const records = Array.from({ length: 50 }, (_, i) => aRecord(`r${i}`));
    const up: string[] = [];
    const sink = textSink(async (batch) => {
      if (batch.lane === "down") throw unavailable();
      up.push(...batch.items.map((i) => i.text));
      return undefined;
    });
    const { run, clock, finish } = aRun({
      source: listSource(records, { live: true }),
      sink,
      transforms: [toText, toLanes("down", "up")],
    });
    await clock.advance(1);
    expect(up.length).toBe(50);
    run.abort();
    await finish();
    expect(records.every((r) => r.settled === "nack")).toBe(true);
    expect(new Set(up).size).toBe(50);
  });

  it("isolate the one bad event of a batch and deliver the other 99", async () => {
    const records = Array.from({ length: 100 }, (_, i) => aRecord(`r${i}`));
    const taken: string[] = [];
    let requests = 0;
    const sink = textSink(async (batch) => {
      requests += 1;
      const texts = batch.items.map((i) => i.text);
      if (texts.includes("r37")) throw new SinkFault("rejected", "bad request", { code: "http-400" });
      taken.push(...texts);
      return undefined;
    });
    const deadLetters = letterSink();
    await aRun({ source: listSource(records), sink, deadLetters }).finish();
    expect(taken.length).toBe(99);
    expect(deadLetters.letters.map(({ id, code, destination }) => ({ id, code, destination }))).toEqual([
      { id: "r37", code: "http-400", destination: "main" },
    ]);
    expect(requests).toBeLessThanOrEqual(1 + 2 * Math.ceil(Math.log2(100)) + 2);
  });

  it("send nothing while the destination asked for a pause", async () => {
    let calls = 0;
    const sink = textSink(async () => {
      calls += 1;
      if (calls === 1)
        throw new SinkFault("throttled", "slow down", { code: "http-429", retryAfterMs: 30_000 });
      return undefined;
    });
    const { clock, finish } = aRun({ source: listSource([aRecord("a")]), sink });
    await clock.advance(29_999);
    expect(calls).toBe(1);
    await finish();
    expect(calls).toBe(2);
  });

  it("park on a refusal, dead-letter nothing, and go on when a probe succeeds", async () => {
    let refused = true;
    const probes: number[] = [];
    const sink = textSink(async () => {
      if (refused) throw new SinkFault("misconfigured", "unauthorized", { code: "http-401" });
      return undefined;
    });
    const deadLetters = letterSink();
    const { run, clock, finish } = aRun({ source: listSource([aRecord("a")]), sink, deadLetters });
    sink.probe = async () => {
      probes.push(clock.nowMs());
      if (probes.length < 3) throw new SinkFault("misconfigured", "still", { code: "http-401" });
      refused = false;
    };
    await clock.advance(1);
    expect(run.metrics.samples("sink_lane_state").map((s) => s.value)).toEqual([3]);
    expect(await finish()).toEqual({ state: "stopped", gaveBack: 0 });
    expect(probes).toEqual([60_000, 120_000, 180_000]);
    expect(deadLetters.letters).toEqual([]);
    expect(sink.writes.length).toBe(2);
  });

  it("answer an outage with about one small write per circuit period, not with a storm", async () => {
    const records = Array.from({ length: 100 }, (_, i) => aRecord(`r${i}`));
    const sink = textSink(async () => {
      throw unavailable();
    });
    const { run, clock, finish } = aRun({ source: listSource(records, { live: true }), sink });
    await clock.advance(600_000);
    expect(sink.writes.length).toBeLessThan(40);
    run.abort();
    await finish();
  });
});
