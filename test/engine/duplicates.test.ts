import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Once } from "../../src/engine/once.ts";
import { DataError, SinkFault } from "../../src/engine/errors.ts";
import { Duplicates } from "../../src/engine/duplicates.ts";
import { Ledger } from "../../src/engine/ledger.ts";
import { Metrics } from "../../src/engine/metrics.ts";
import { Pipeline } from "../../src/engine/pipeline.ts";
import { settleMicrotasks, VirtualClock } from "../../src/engine/virtual-clock.ts";
import { silentLog } from "../support/context.ts";
import {
  aRecord,
  aRun,
  letterSink,
  type ListedRecord,
  listSource,
  textSink,
  toText,
} from "../support/stages.ts";

/** The key of a text is what stands before the slash: `a/1` and `a/2` are equal. */
const once = (with_: Partial<Once> = {}) => ({
  type: "once",
  transform: {
    apply: (value: unknown) => value,
    once: {
      keyOf: (value: unknown) => String(value).split("/")[0],
      windowMs: 10_000,
      maxKeys: 100,
      ...with_,
    },
  },
});
const settled = (records: readonly ListedRecord[]) => records.map((record) => record.settled);
const down = () => new SinkFault("unavailable", "no answer", { code: "timeout" });

/** A sink whose writes last until they are let go. */
function slowSink() {
  const writes: { texts: string[]; end: () => void }[] = [];
  const sink = textSink(
    (batch) =>
      new Promise((resolve) => {
        writes.push({ texts: batch.items.map(({ text }) => text), end: () => resolve(undefined) });
      }),
  );
  return { sink, writes };
}

describe("a duplicate of a value that is on its way", () => {
  it("is given back with the first when the process stops before that is delivered", async () => {
    const records = [aRecord("m", "a/1"), aRecord("m", "a/1")];
    const sink = textSink(async () => {
      throw down();
    });
    const { run, clock, finish } = aRun({
      source: listSource(records, { live: true }),
      transforms: [toText, once()],
      sink,
      drainMs: 5_000,
    });
    await clock.advance(1_000);
    expect(settled(records)).toEqual([undefined, undefined]);
    run.stop();
    expect(await finish()).toEqual({ state: "stopped", gaveBack: 2 });
    expect(settled(records)).toEqual(["nack", "nack"]);
  });

  it("is acked only after the first is delivered, and counted as dropped", async () => {
    const records = [aRecord("m1", "a/1"), aRecord("m2", "a/2"), aRecord("m3", "b/1")];
    const { sink, writes } = slowSink();
    const { run, clock, finish } = aRun({
      source: listSource(records),
      transforms: [toText, once()],
      sink,
    });
    await clock.advance(1_000);
    expect(writes.map(({ texts }) => texts)).toEqual([["a/1", "b/1"]]);
    expect(settled(records)).toEqual([undefined, undefined, undefined]);
    expect(run.metrics.total("waiting_duplicates")).toBe(1);
    writes[0]!.end();
    expect(await finish()).toEqual({ state: "stopped", gaveBack: 0 });
    expect(settled(records)).toEqual(["ack", "ack", "ack"]);
    expect(run.metrics.total("waiting_duplicates")).toBe(0);
    expect(run.metrics.samples("dropped_total")).toMatchObject([
      { labels: { stage: "once", reason: "duplicate" }, value: 1 },
    ]);
  });

  it("is acked only after the first is durably dead-lettered", async () => {
    const records = [aRecord("m1", "a/1"), aRecord("m2", "a/2")];
    const atWrite: unknown[] = [];
    const deadLetters = letterSink(async () => {
      atWrite.push(settled(records));
      return undefined;
    });
    const bad = {
      type: "bad",
      transform: {
        apply() {
          throw new DataError("too-bad", "it is bad");
        },
      },
    };
    await aRun({ source: listSource(records), transforms: [toText, once(), bad], deadLetters }).finish();
    expect(atWrite).toEqual([[undefined, undefined]]);
    expect(settled(records)).toEqual(["ack", "ack"]);
    expect(deadLetters.letters.map(({ id }) => id)).toEqual(["m1"]);
  });

  it("takes the place of a first that is given back; the others wait for it", async () => {
    const { push, passed, settled: ended, receipts } = aPipeline();
    await push("a/1", "a/2", "a/3");
    expect(passed).toEqual(["a/1"]);
    receipts[0]!.giveBack();
    expect(passed).toEqual(["a/1", "a/2"]);
    receipts[1]!.done();
    expect(ended()).toEqual(["nack", "ack", "ack"]);
  });

  it("does not stop a full ledger: the oldest record waits for none", async () => {
    const records = ["a/1", "a/2", "b/1", "a/3", "b/2", "c/1"].map((text, i) => aRecord(`m${i}`, text));
    const sink = textSink();
    const { finish } = aRun({
      source: listSource(records),
      transforms: [toText, once()],
      sink,
      inFlight: { records: 2, bytes: 1e6 },
    });
    expect(await finish()).toEqual({ state: "stopped", gaveBack: 0 });
    expect(sink.writes.flat()).toEqual(["a/1", "b/1", "c/1"]);
  });

  it("passes when its record is older than that of the first: waiting would go round in a circle", async () => {
    // Of block A, y is held; block B overtakes it with y and then x: A would wait for B, and B for A.
    const blockOf = (id: string, texts: readonly string[]) =>
      aRecord(id, id, {
        *entries() {
          for (const [i, text] of texts.entries()) yield aRecord(`${id}#${i}`, text);
        },
      });
    const records = [blockOf("A", ["x/A", "y/A"]), blockOf("B", ["y/B", "x/B"])];
    let isHeld = true;
    const held = {
      type: "held",
      transform: {
        apply: toText.transform.apply,
        prepare({ id }: { id: string }) {
          if (id !== "A#1" || !isHeld) return undefined;
          isHeld = false;
          return Promise.resolve();
        },
      },
    };
    const sink = textSink();
    const { finish } = aRun({ source: listSource(records), transforms: [held, once()], sink });
    expect(await finish()).toEqual({ state: "stopped", gaveBack: 0 });
    expect(sink.writes.flat().sort()).toEqual(["x/A", "y/A", "y/B"]);
    expect(settled(records)).toEqual(["ack", "ack"]);
  });

  it("is settled by a long chain of records that wait for each other, without nesting", async () => {
    // Block i holds the duplicate of block i - 1 and the first of its own.
    const records = Array.from({ length: 5_000 }, (_, i) =>
      aRecord(`b${i}`, "", {
        *entries() {
          if (i > 0) yield aRecord(`b${i}#0`, `k${i - 1}/2`);
          yield aRecord(`b${i}#1`, `k${i}/1`);
        },
      }),
    );
    const { sink, writes } = slowSink();
    const all = { ...sink, limits: { ...sink.limits, count: 10_000, bytes: 1e6 } };
    const { clock, finish } = aRun({
      source: listSource(records),
      transforms: [toText, once({ maxKeys: 10_000 })],
      sink: all,
      inFlight: { records: 5_000, bytes: 1e6 },
    });
    // All but the very first write end: from then on each block waits for the one before it.
    await clock.advance(10);
    for (let done = 1; done < writes.length; ) {
      const ends = writes.slice(done);
      done = writes.length;
      for (const { end } of ends) end();
      await clock.advance(10);
    }
    expect(writes.flatMap(({ texts }) => texts)).toHaveLength(5_000);
    expect(records.filter((record) => record.settled === "ack").length).toBe(0);
    writes[0]!.end();
    await clock.advance(10);
    expect(await finish()).toEqual({ state: "stopped", gaveBack: 0 });
    expect(records.every((record) => record.settled === "ack")).toBe(true);
  });
});

describe("a duplicate in its own record", () => {
  it("is dropped at once and does not wait for itself", async () => {
    const block = aRecord("b", "", {
      *entries() {
        for (const [i, text] of ["a/1", "a/2", "b/1"].entries()) yield aRecord(`b#${i}`, text);
      },
    });
    const sink = textSink();
    const { run, finish } = aRun({ source: listSource([block]), transforms: [toText, once()], sink });
    expect(await finish()).toEqual({ state: "stopped", gaveBack: 0 });
    expect(sink.writes.flat()).toEqual(["a/1", "b/1"]);
    expect(run.metrics.total("dropped_total")).toBe(1);
  });
});

describe("a key that cannot be had", () => {
  it("makes a dead letter when that is bad data, and passes when there is none", async () => {
    const keyOf = (value: unknown) => {
      if (value === "bad") throw new DataError("no-key", "no key");
      return undefined;
    };
    const deadLetters = letterSink();
    const sink = textSink();
    const records = ["bad", "x", "x"].map((text, i) => aRecord(`m${i}`, text));
    await aRun({
      source: listSource(records),
      transforms: [toText, once({ keyOf })],
      sink,
      deadLetters,
    }).finish();
    expect(deadLetters.letters.map(({ code, stage }) => [code, stage])).toEqual([["no-key", "once"]]);
    expect(sink.writes.flat()).toEqual(["x", "x"]);
  });
});

it("lets through what comes back from the dead letters, once for each destination that missed it", async () => {
  const records = ["a/1", "a/1"].map((text, i) => aRecord(`m${i}`, text, { redrives: 1 }));
  const sink = textSink();
  await aRun({ source: listSource(records), transforms: [toText, once()], sink }).finish();
  expect(sink.writes.flat()).toEqual(["a/1", "a/1"]);
});

describe("what is remembered", () => {
  it("is forgotten when the window is over, counted from the first value", async () => {
    const { push, passed, receipts, clock } = aPipeline({ windowMs: 1_000 });
    await push("a/1");
    receipts[0]!.done();
    await clock.advance(999);
    await push("a/2");
    await clock.advance(1);
    await push("a/3");
    expect(passed).toEqual(["a/1", "a/3"]);
  });

  it("stays while the first is on its way, however long that takes", async () => {
    const { push, passed, receipts, clock, settled: ended } = aPipeline({ windowMs: 1_000 });
    await push("a/1");
    await clock.advance(3_600_000);
    await push("a/2");
    expect(passed).toEqual(["a/1"]);
    receipts[0]!.done();
    expect(ended()).toEqual(["ack", "ack"]);
  });

  it("is forgotten in time also behind one that is on its way", async () => {
    const { push, passed, receipts, clock } = aPipeline({ windowMs: 1_000 });
    await push("a/1", "b/1");
    receipts[1]!.done();
    await clock.advance(1_000);
    await push("b/2");
    expect(passed).toEqual(["a/1", "b/1", "b/2"]);
  });

  it("loses the oldest key when there are too many, and says so; its duplicate passes", async () => {
    const { push, passed, metrics } = aPipeline({ maxKeys: 2 });
    await push("a/1", "b/1", "c/1", "b/2", "a/2");
    expect(passed).toEqual(["a/1", "b/1", "c/1", "a/2"]);
    // a for c, then b for the second a.
    expect(metrics.total("keys_forgotten_total")).toBe(2);
  });

  it("is never more than maxKeys, and never more than a window of settled ones", () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ key: fc.integer({ min: 0, max: 30 }) }),
        fc.record({ waitMs: fc.integer({ min: 0, max: 60 }) }),
        fc.record({ settle: fc.nat(), how: fc.constantFrom("done", "giveBack") }),
      ),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 12 }), (list, maxKeys) => {
        let nowMs = 0;
        const keys = new Duplicates(
          { windowMs: 50, maxKeys },
          { nowMs: () => nowMs, wallMs: () => nowMs, after: () => () => {} },
        );
        const ledger = new Ledger({ records: 1_000, bytes: 1e6 });
        const open: ReturnType<Ledger["admit"]>[] = [];
        const seen: { key: string; atMs: number; settledAtMs: number }[] = [];
        const firsts = new Map<object, (typeof seen)[number]>();
        for (const step of list) {
          if ("waitMs" in step) nowMs += step.waitMs;
          else if ("settle" in step) {
            const [receipt] = open.splice(step.settle % Math.max(1, open.length), 1);
            if (!receipt) continue;
            if (step.how === "done") receipt.done();
            else receipt.giveBack();
            const first = firsts.get(receipt);
            if (first) first.settledAtMs = nowMs;
          } else {
            const receipt = ledger.admit(aRecord(`k${step.key}`));
            const judgement = keys.judge(`k${step.key}`, receipt);
            if (judgement === "pass") {
              const first = { key: `k${step.key}`, atMs: nowMs, settledAtMs: Number.POSITIVE_INFINITY };
              seen.push(first);
              firsts.set(receipt, first);
              open.push(receipt);
            } else receipt.done();
            expect(keys.size).toBeLessThanOrEqual(maxKeys);
            const alive = seen.filter(({ atMs, settledAtMs }) => nowMs - atMs < 50 || settledAtMs >= nowMs);
            const oldestOpen = Math.min(
              ...seen.filter(({ settledAtMs }) => settledAtMs > nowMs).map(({ atMs }) => atMs),
            );
            // Behind one that is open, old ones may stay until it goes.
            const behind = seen.filter(({ atMs }) => atMs >= oldestOpen).length;
            expect(keys.size).toBeLessThanOrEqual(alive.length + behind);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** A pipeline of the one stage, whose values are settled by hand. */
function aPipeline(with_: Partial<Once> = {}) {
  const clock = new VirtualClock();
  const metrics = new Metrics();
  const ledger = new Ledger({ records: 100, bytes: 1e6 });
  const records: ListedRecord[] = [];
  const receipts: ReturnType<Ledger["admit"]>[] = [];
  const passed: unknown[] = [];
  const pipeline = new Pipeline(
    [toText, once(with_)],
    { clock, random: () => 0.5, log: silentLog, metrics },
    {
      passed: (items) => passed.push(...items.map(({ value }) => value)),
      dropped: ({ receipt }) => receipt.done(),
      rejected: (_, __, error) => {
        throw error;
      },
      bug: (error) => {
        throw error;
      },
    },
  );
  return {
    clock,
    metrics,
    receipts,
    passed,
    settled: () => settled(records),
    async push(...texts: readonly string[]) {
      for (const text of texts) {
        const record = aRecord(text);
        const receipt = ledger.admit(record);
        records.push(record);
        receipts.push(receipt);
        pipeline.push(receipt);
      }
      await settleMicrotasks();
    },
  };
}
