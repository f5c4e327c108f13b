import { describe, expect, it } from "vitest";

import { Drop, Many, type Sink } from "../../src/engine/contracts.ts";
import { DataError, SinkFault } from "../../src/engine/errors.ts";
import type { PlannedSink } from "../../src/engine/router.ts";
import { VirtualClock } from "../../src/engine/virtual-clock.ts";
import { aRecord, aRun, letterSink, listSource, textSink } from "../support/stages.ts";
import { RateWatch } from "./simulation/oracle.ts";

function planned(name: string, sink: Sink<string>, takes?: (value: string) => boolean): PlannedSink {
  const route = { name, type: "text", sink: sink as Sink };
  return takes === undefined ? route : { ...route, takes: (value) => takes(value as string) };
}

const refused = async () => {
  throw new SinkFault("misconfigured", "401", { code: "http-401" });
};

describe("a pipeline of several sinks", () => {
  it("acks a record when every sink that takes it is done, and not before", async () => {
    const record = aRecord("a");
    let open = () => {};
    const slow = textSink(() => new Promise((resolve) => (open = () => resolve(undefined))));
    const quick = textSink();
    const { clock, finish } = aRun({
      source: listSource([record]),
      sinks: [planned("quick", quick), planned("slow", slow)],
    });
    await clock.advance(1_000);
    expect([quick.writes, slow.writes, record.settled]).toEqual([[["a"]], [["a"]], undefined]);
    open();
    await finish();
    expect(record.settled).toBe("ack");
  });

  it("gives each sink what it takes, and drops what none takes as unrouted", async () => {
    const dropped: string[] = [];
    const [left, right] = [textSink(), textSink()];
    const records = ["l1", "r1", "both", "none"].map((id) => aRecord(id));
    const { run, finish } = aRun(
      {
        source: listSource(records),
        sinks: [
          planned("left", left, (text) => text.startsWith("l") || text === "both"),
          planned("right", right, (text) => text.startsWith("r") || text === "both"),
        ],
      },
      {
        observer: { dropped: (origin, stage, drop) => dropped.push(`${origin.id} ${stage} ${drop.reason}`) },
      },
    );
    await finish();
    expect([left.writes.flat(), right.writes.flat()]).toEqual([
      ["l1", "both"],
      ["r1", "both"],
    ]);
    expect(dropped).toEqual(["none sinks unrouted"]);
    expect(records.map(({ settled }) => settled)).toEqual(["ack", "ack", "ack", "ack"]);
    const delivered = run.metrics.samples("sink_events_delivered_total");
    expect(delivered.map(({ labels, value }) => [labels["sink"], labels["destination"], value])).toEqual([
      ["left", "main", 2],
      ["right", "main", 2],
    ]);
  });

  it("delivers to the others while one refuses everything, until what it holds fills the in-flight limit", async () => {
    const records = Array.from({ length: 50 }, (_, i) => aRecord(`r${i}`));
    const healthy = textSink();
    const { run, clock, finish } = aRun({
      source: listSource(records, { live: true }),
      inFlight: { records: 20, bytes: 1e6 },
      drainMs: 1_000,
      sinks: [
        planned("healthy", healthy),
        planned("parked", textSink(refused), (text) => Number(text.slice(1)) % 2 === 1),
      ],
    });
    await clock.advance(30_000);
    // Every second record is held for the parked sink: 20 of them after 40 records.
    expect(healthy.writes.flat()).toHaveLength(40);
    expect(run.inFlight.records).toBe(20);
    expect(run.lanes()).toMatchObject([
      { sink: "healthy", name: "main", state: "open", waiting: 0, writing: 0 },
      { sink: "parked", name: "main", state: "parked", waiting: 20, writing: 0 },
    ]);
    run.stop();
    // And the one that waited for room.
    expect(await finish()).toMatchObject({ state: "stopped", gaveBack: 21 });
  });

  it("dead-letters for the one sink that refused an event or could not tell, and names it", async () => {
    const letters = letterSink();
    const poison = textSink(async () => {
      throw new SinkFault("rejected", "400", { code: "http-400" });
    });
    const record = aRecord("a");
    await aRun({
      source: listSource([record]),
      deadLetters: letters,
      sinks: [
        planned("fine", textSink()),
        planned("poison", poison),
        planned("unsure", textSink(), () => {
          throw new DataError("expression-failed", "no such field");
        }),
      ],
    }).finish();
    const of = letters.letters.map(({ sink, destination, code }) => [sink, destination, code]);
    expect(of.sort()).toEqual([
      ["poison", "main", "http-400"],
      ["unsure", "main", "expression-failed"],
    ]);
    expect(record.settled).toBe("ack");
  });

  it("takes a `when` that fails unexpectedly for a bug of that sink only", async () => {
    const letters = letterSink();
    const fine = textSink();
    await aRun({
      source: listSource([aRecord("a")]),
      deadLetters: letters,
      sinks: [
        planned("fine", fine),
        planned("broken", textSink(), () => {
          throw new TypeError("oops");
        }),
      ],
    }).finish();
    expect(fine.writes).toEqual([["a"]]);
    expect(letters.letters).toMatchObject([{ code: "bug", sink: "broken" }]);
  });

  it("holds the rate of a destination over the sinks that lead to it, by the lowest that any names", async () => {
    const watch = new RateWatch();
    const clock = new VirtualClock();
    const sinkAt = (events: number) => ({
      ...textSink(async (batch) => {
        watch.sentNow(clock.nowMs(), batch.items.length, batch.bytes);
        return undefined;
      }),
      laneSettings: () => ({
        ...textSink().laneSettings("main"),
        rates: { events, requests: 1e9, bytes: 1e9 },
      }),
    });
    const records = Array.from({ length: 500 }, (_, i) => aRecord(`r${i}`));
    const { run } = aRun(
      {
        source: listSource(records, { live: true }),
        inFlight: { records: 1_000, bytes: 1e6 },
        sinks: [planned("one", sinkAt(50)), planned("two", sinkAt(80))],
      },
      { clock },
    );
    await clock.advance(10_000);
    expect(watch.worstEvents).toBeLessThanOrEqual(50);
    const sent = run.metrics.total("sink_events_delivered_total");
    expect(sent).toBeGreaterThan(490);
    // Neither starves the other.
    for (const { value } of run.metrics.samples("sink_events_delivered_total"))
      expect(value).toBeGreaterThan(50);
    run.abort();
    await run.done;
  });

  it("closes all of them, also when one cannot close", async () => {
    const broken = { ...textSink(), close: () => Promise.reject(new Error("stuck")) };
    const fine = textSink();
    const { finish } = aRun({ sinks: [planned("broken", broken), planned("fine", fine)] });
    expect(await finish()).toMatchObject({ state: "failed" });
    expect(fine.closed).toBe(true);
  });
});

describe("a transform that makes several values", () => {
  const spread = {
    type: "spread",
    transform: {
      apply: () =>
        new Many([
          "a:one",
          new DataError("no-identity", "b cannot tell who it is", { destination: "b" }),
          "c:three",
        ]),
    },
  };

  it("dead-letters those that could not be made, each for its destination, before the ack", async () => {
    const record = aRecord("r");
    const letters = letterSink(async () => {
      expect(record.settled).toBe(undefined);
      return undefined;
    });
    const sink = textSink();
    await aRun({ source: listSource([record]), transforms: [spread], sink, deadLetters: letters }).finish();
    expect(sink.writes.flat().sort()).toEqual(["a:one", "c:three"]);
    expect(letters.letters).toMatchObject([
      { id: "r", stage: "spread", code: "no-identity", destination: "b" },
    ]);
    expect(record.settled).toBe("ack");
  });

  it("is settled once when nothing but errors came of a value", async () => {
    const settled: string[] = [];
    const record = aRecord("r", "r", { settle: (how) => settled.push(how) });
    const errors = ["a", "b"].map((destination) => new DataError("bad", "no", { destination }));
    const transform = { type: "spread", transform: { apply: () => new Many(errors) } };
    await aRun({ source: listSource([record]), transforms: [transform] }).finish();
    expect(settled).toEqual(["ack"]);
  });
});

it("`unrouted` is one drop, counted like any other", async () => {
  const { run, finish } = aRun({
    source: listSource([aRecord("a"), aRecord("b")]),
    sinks: [planned("never", textSink(), () => false)],
  });
  await finish();
  expect(run.metrics.samples("dropped_total")).toMatchObject([
    { labels: { stage: "sinks", reason: new Drop("unrouted").reason }, value: 2 },
  ]);
});
