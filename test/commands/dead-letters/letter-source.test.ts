import { readFile } from "node:fs/promises";

import { describe, expect, it } from "vitest";

import { LetterSource, type LetterSourceOptions } from "../../../src/commands/dead-letters/letter-source.ts";
import { MarkQueue } from "../../../src/commands/dead-letters/mark-queue.ts";
import { missedOnly, noteNewLetters, outcomes } from "../../../src/commands/dead-letters/missed-only.ts";
import { readLetters } from "../../../src/commands/dead-letters/read-letters.ts";
import { redrivenKeys, writeMarks } from "../../../src/commands/dead-letters/redriven.ts";
import { Tally } from "../../../src/commands/dead-letters/tally.ts";
import { Drop, Many, type Origin, type Sink } from "../../../src/engine/contracts.ts";
import type { DeadLetter } from "../../../src/engine/dead-letters.ts";
import { DataError } from "../../../src/engine/errors.ts";
import { SegmentEvent, type SegmentMessage } from "../../../src/events/segment-event.ts";
import { aDestination } from "../../support/context.ts";
import { aLetter, aSegment } from "../../support/letters.ts";
import { aRun, letterSink, textSink } from "../../support/stages.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** Every event goes to a and b; what its text says happens to it. */
const fanOut = {
  type: "fan-out",
  transform: {
    apply(value: unknown) {
      const text = Buffer.from(value as Uint8Array).toString("utf8");
      if (text === "dropped") return new Drop("not-wanted");
      if (text === "bad") throw new DataError("bad-again", "it is bad");
      const to = (id: string) =>
        new SegmentEvent(aDestination({ id }), { messageId: text } as unknown as SegmentMessage);
      const atC = new DataError("no-identity", "c cannot tell who it is", { destination: "c" });
      return new Many([to("a"), to("b"), ...(text === "nobody-at-c" ? [atC] : [])]);
    },
  },
};

async function redrive(
  letters: readonly DeadLetter[],
  with_: Partial<LetterSourceOptions> = {},
  /** With a second sink: what the first one takes. */
  several?: { takes(text: string): boolean },
) {
  const segment = await aSegment(await tempFolder(), letters);
  const origins: Origin[] = [];
  const text = textSink();
  const sink = {
    ...text,
    laneOf: (event: SegmentEvent) => event.destination.id,
    encode: (event: SegmentEvent) => `${event.destination.id}:${event.message.messageId}`,
    write: async (batch: Parameters<Sink["write"]>[0]) => {
      origins.push(...batch.items.map(({ origin }) => origin));
      text.writes.push(batch.items.map((item) => item.text));
      return undefined;
    },
  } as unknown as Sink<string>;
  const other = { ...sink, writes: [] as string[][] };
  other.write = async (batch) => {
    other.writes.push(batch.items.map((item) => item.text));
    return undefined;
  };
  const takes = (value: unknown) => several?.takes((value as SegmentEvent).message.messageId) ?? true;
  const sinks = [
    { name: "first", type: "text", sink: sink as Sink, takes },
    { name: "second", type: "text", sink: other as Sink },
  ];
  const again = async () => {
    const tally = new Tally();
    const deadLetters = letterSink();
    text.writes.length = 0;
    const found = readLetters({
      segments: [segment],
      filter: () => true,
      redriven: await redrivenKeys([segment]),
      damaged() {},
    });
    const source = new LetterSource({
      letters: found,
      tally,
      marks: new MarkQueue((marks) => writeMarks(marks, new Date(0))),
      crashLoops: false,
      unreachable: () => undefined,
      ...with_,
    });
    const { run } = aRun(
      {
        source,
        transforms: [fanOut],
        only: missedOnly,
        sink,
        ...(several ? { sinks } : {}),
        deadLetters: noteNewLetters(deadLetters as Sink) as Sink<DeadLetter>,
      },
      { observer: outcomes },
    );
    const result = await run.done;
    return {
      result,
      tally,
      sent: text.writes.flat().sort(),
      second: other.writes.flat().sort(),
      letters: deadLetters.letters,
      left: [...tally.left],
    };
  };
  return { ...(await again()), again, origins, segment };
}

describe("a redrive", () => {
  it("delivers only to the destination that missed the event, or to all when none had it", async () => {
    const one = aLetter({ id: "1", text: "one", destination: "b", code: "http-400" });
    const two = aLetter({ id: "2", text: "two" });
    const { sent, tally, again } = await redrive([one, two]);
    expect(sent).toEqual(["a:two", "b:one", "b:two"]);
    expect(tally.redriven).toBe(2);
    const second = await again();
    expect(second.sent).toEqual([]);
    expect(second.tally).toMatchObject({ read: 2, alreadyRedriven: 2, redriven: 0 });
  });

  it("delivers only to the sink that missed it, in a pipeline of several", async () => {
    const letters = [
      aLetter({ id: "1", text: "one", destination: "b", sink: "second" }),
      aLetter({ id: "2", text: "two", destination: "b" }),
      aLetter({ id: "3", text: "three", destination: "b", sink: "first" }),
      aLetter({ id: "4", text: "one", destination: "b", sink: "second" }),
    ];
    const { sent, second, tally } = await redrive(letters, {}, { takes: (text) => text !== "three" });
    expect(sent).toEqual(["b:two"]);
    expect(second).toEqual(["b:one", "b:one", "b:two"]);
    // The sink does not take the third any more: a rule drops it.
    expect(tally.redriven).toBe(4);
  });

  it("makes no letter anew for a destination that the letter is not about", async () => {
    const { letters, sent, tally } = await redrive([
      aLetter({ text: "nobody-at-c", destination: "a", code: "http-400" }),
      aLetter({ text: "nobody-at-c", destination: "c", code: "no-identity", stage: "fan-out" }),
    ]);
    expect(sent).toEqual(["a:nobody-at-c"]);
    expect(letters).toMatchObject([{ destination: "c", code: "no-identity", redrives: 1 }]);
    expect(tally.redriven).toBe(2);
  });

  it("gives the pipeline what it once received", async () => {
    const letter = aLetter({
      id: "77",
      text: "body",
      attributes: { a: "b" },
      attempt: 4,
      publishedAt: "2025-12-31T23:59:59.123Z",
      writerSchema: '"string"',
    });
    const { origins } = await redrive([letter]);
    expect(origins[0]).toMatchObject({
      id: "77",
      attributes: { a: "b" },
      attempt: 5,
      redrives: 1,
      publishedAtMs: Date.UTC(2025, 11, 31, 23, 59, 59, 123),
      writerSchema: { json: '"string"' },
    });
    expect(Buffer.from(origins[0]!.body).toString()).toBe("body");
  });

  it("turns what fails again into a new letter that says so and holds no old one", async () => {
    const old = aLetter({ text: "bad", redrives: 1, attempt: 2 });
    const { letters, tally, again, segment } = await redrive([old]);
    expect(letters).toEqual([
      {
        ...old,
        stage: "fan-out",
        code: "bad-again",
        attempt: 3,
        redrives: 2,
        failedAt: letters[0]!.failedAt,
      },
    ]);
    expect(tally.redriven).toBe(1);
    const mark = JSON.parse(await readFile(`${segment.path}.redriven`, "utf8"));
    expect(mark).toMatchObject({ line: 1, delivered: 0, deadLettered: 1 });
    expect((await again()).letters).toEqual([]);
  });

  it("takes what a rule drops now as dealt with", async () => {
    const { tally, again } = await redrive([aLetter({ text: "dropped", destination: "a" })]);
    expect(tally.redriven).toBe(1);
    expect((await again()).tally.alreadyRedriven).toBe(1);
  });

  it("keeps a letter whose destination gets no event of it any more", async () => {
    const { tally, left, sent, again } = await redrive([aLetter({ text: "x", destination: "c" })]);
    expect([sent, left, tally.redriven]).toEqual([[], [["no-event", 1]], 0]);
    expect((await again()).left).toEqual([["no-event", 1]]);
  });

  it("keeps what cannot be redriven now", async () => {
    const letters = [
      aLetter({ id: "1", stage: "source" }),
      aLetter({ id: "2", code: "crash-loop" }),
      aLetter({ id: "3", body: "e3" }),
      aLetter({ id: "4", destination: "gone" }),
    ];
    const unreachable = ({ destination }: { readonly destination?: string }) =>
      destination === "gone" ? ("destination-gone" as const) : undefined;
    const { left, sent } = await redrive(letters, { unreachable });
    expect(sent).toEqual([]);
    expect(left).toEqual([
      ["damaged-input", 1],
      ["crash-loop", 1],
      ["bad-body", 1],
      ["destination-gone", 1],
    ]);
    expect((await redrive(letters.slice(1, 2), { crashLoops: true })).sent).toEqual(["a:{}", "b:{}"]);
  });

  it("sends an event that was dead-lettered twice once", async () => {
    const letter = aLetter({ text: "x", destination: "a" });
    const { sent, tally } = await redrive([letter, { ...letter, attempt: 2 }]);
    expect(sent).toEqual(["a:x"]);
    expect(tally).toMatchObject({ redriven: 1, repeated: 1 });
  });

  it("fails when its marks cannot be written, and marks nothing that was given back", async () => {
    const marks = new MarkQueue(async () => {
      throw new Error("no space left");
    });
    const { result } = await redrive([aLetter({ text: "x" })], { marks });
    expect(result).toMatchObject({ state: "failed", error: { code: "marks-not-written" } });
  });
});
