import { describe, expect, it } from "vitest";

import type { Batch, Encoded, Sink } from "../../src/engine/contracts.ts";
import { SinkFault } from "../../src/engine/errors.ts";
import type { DeliveredMarks } from "../../src/marks/delivered-marks.ts";
import { marked } from "../../src/marks/marked-sink.ts";

const signal = new AbortController().signal;
const refused = new SinkFault("rejected", "no", { code: "http-400" });

class Memory implements DeliveredMarks {
  readonly delivered = new Set<string>();
  isAway = false;

  known(lane: string, ids: readonly string[]): Promise<readonly boolean[] | undefined> {
    return Promise.resolve(this.isAway ? undefined : ids.map((id) => this.delivered.has(`${lane} ${id}`)));
  }

  add(lane: string, ids: readonly string[]): Promise<boolean> {
    if (!this.isAway) for (const id of ids) this.delivered.add(`${lane} ${id}`);
    return Promise.resolve(!this.isAway);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

type Answer = (items: readonly string[]) => undefined | readonly (SinkFault | null)[];

/** Values are their own ids. */
function world({ delivered = [] as readonly string[], answer = (() => undefined) as Answer } = {}) {
  const marks = new Memory();
  for (const id of delivered) marks.delivered.add(`d ${id}`);
  const written: Batch[] = [];
  const counted: [string, number][] = [];
  const inner: Sink = {
    limits: { count: 10, bytes: 1_000, itemBytes: 100, envelopeBytes: 10, separatorBytes: 1 },
    laneOf: () => "d",
    laneSettings: () => ({
      rates: { events: 1, requests: 1, bytes: 1 },
      concurrency: 1,
      lingerMs: 0,
      probeMs: 1,
    }),
    encode: String,
    idOf: String,
    write: async (batch) => {
      written.push(batch);
      batch.answer = { status: 200 };
      return answer(batch.items.map(({ text }) => text));
    },
    probe: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  const sink = marked(inner, marks, (name, n) => void counted.push([name, n]));
  return { marks, sink, inner, written, counted };
}

function batch(...ids: string[]): Batch {
  const origin = {
    id: "1",
    attributes: {},
    publishedAtMs: 0,
    attempt: 1,
    body: new Uint8Array(),
    writerSchema: undefined,
  };
  const items: Encoded<unknown>[] = ids.map((id) => ({ value: id, text: id, bytes: id.length, origin }));
  return { lane: "d", attempt: 1, items, bytes: ids.join(",").length };
}

const idsOf = ({ items }: Batch) => items.map(({ text }) => text);

describe("a sink with delivered marks", () => {
  it("sends what has no mark, and marks what was delivered", async () => {
    const { sink, marks, written, counted } = world();
    expect(await sink.write(batch("a", "b"), signal)).toBeUndefined();
    expect(written.map(idsOf)).toEqual([["a", "b"]]);
    expect([...marks.delivered]).toEqual(["d a", "d b"]);
    expect(counted).toEqual([]);
  });

  it("does not send what has a mark; the rest goes as a batch of its own size", async () => {
    const { sink, written, counted } = world({ delivered: ["bb"] });
    const whole = batch("a", "bb", "ccc");
    expect(await sink.write(whole, signal)).toBeUndefined();
    expect(written.map(idsOf)).toEqual([["a", "ccc"]]);
    expect(written[0]?.bytes).toBe("a,ccc".length);
    expect(whole.answer).toEqual({ status: 200 });
    expect(counted).toEqual([["sink_duplicates_skipped_total", 1]]);
  });

  it("sends nothing when all is marked", async () => {
    const { sink, written, counted } = world({ delivered: ["a", "b"] });
    expect(await sink.write(batch("a", "b"), signal)).toBeUndefined();
    expect(written).toEqual([]);
    expect(counted).toEqual([["sink_duplicates_skipped_total", 2]]);
  });

  it("says of each event what became of it, and marks no refused one", async () => {
    const answer: Answer = (ids) => ids.map((id) => (id === "bad" ? refused : null));
    const { sink, marks } = world({ delivered: ["old"], answer });
    expect(await sink.write(batch("old", "bad", "good"), signal)).toEqual([null, refused, null]);
    expect([...marks.delivered]).toEqual(["d old", "d good"]);
  });

  it("marks nothing when the whole write fails", async () => {
    const down = new SinkFault("unavailable", "down", { code: "http-503" });
    const answer: Answer = () => {
      throw down;
    };
    const { sink, marks } = world({ delivered: ["old"], answer });
    await expect(sink.write(batch("old", "new"), signal)).rejects.toBe(down);
    await expect(sink.write(batch("new"), signal)).rejects.toBe(down);
    expect([...marks.delivered]).toEqual(["d old"]);
  });

  it("goes on without marks when their store is away, and counts it", async () => {
    const { sink, marks, written, counted } = world({ delivered: ["a"] });
    marks.isAway = true;
    expect(await sink.write(batch("a"), signal)).toBeUndefined();
    expect(written.map(idsOf)).toEqual([["a"]]);
    expect(counted).toEqual([
      ["sink_marks_missed_total", 1],
      ["sink_marks_missed_total", 1],
    ]);
  });

  it("is the sink itself where copies cannot be told", () => {
    const { inner, marks } = world();
    const { idOf: _, ...without } = inner;
    expect(marked(without, marks, () => {})).toBe(without);
  });
});
