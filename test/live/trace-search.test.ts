import { describe, expect, it } from "vitest";

import type { LaneItem } from "../../src/engine/lane-queue.ts";
import type { Item } from "../../src/engine/pipeline.ts";
import { VirtualClock } from "../../src/engine/virtual-clock.ts";
import { LivePipeline } from "../../src/live/live-pipeline.ts";
import { RecentEvents } from "../../src/live/recent-events.ts";
import { TraceIndex } from "../../src/live/trace-index.ts";
import { TraceLog } from "../../src/live/trace-log.ts";
import { type LettersFound, trace } from "../../src/live/trace-search.ts";
import { aSegmentEvent } from "../support/segment-events.ts";
import { aRecord } from "../support/stages.ts";

const KB = 1024;
const HOUR_MS = 3_600_000;
const noLetters: LettersFound = { letters: [], searched: "all" };

/** One pipeline's index, in a log of `maxBytes`, told by hand. */
function anIndex({ maxBytes = 512 * KB } = {}) {
  const clock = new VirtualClock();
  const log = new TraceLog({ maxBytes, maxAgeMs: HOUR_MS });
  const index = new TraceIndex(log, 0, () => clock.wallMs());
  const pipeline = new LivePipeline("under-test", { clock, recent: new RecentEvents(), trace: index });
  const startedAtMs = clock.wallMs();
  const received = (id: string, attempt = 1, eventId = `event-of-${id}`) =>
    index.received([
      {
        origin: aRecord(id, id, { attempt }),
        value: { event: { id: eventId } },
        receipt: {},
      } as unknown as Item,
    ]);
  const delivered = (id: string) =>
    index.delivered(
      "segment-production",
      [{ origin: aRecord(id), value: aSegmentEvent({ messageId: `ld-${id}` }) } as unknown as LaneItem],
      { number: 1, attempt: 1, startedAtMs: 0, answer: { status: 200 } },
      1.5,
    );
  const ask = (id: string, letters = noLetters) =>
    trace(id, { log, startedAtMs, pipelines: [pipeline], letters: async () => letters });
  return { clock, log, index, received, delivered, ask };
}

const letter = {
  pipeline: "under-test",
  place: "letters.ndjson:1",
  id: "m-1",
  stage: "segment",
  code: "http-400",
  message: "no",
  failedAt: "2026-11-23T00:00:00.000Z",
  state: "open",
};

describe("a trace", () => {
  it("of a redelivered message has each attempt, in order, by any of its ids", async () => {
    const { clock, index, received, delivered, ask } = anIndex();
    received("m-1");
    await clock.advance(10);
    index.gaveBack(aRecord("m-1"));
    expect(await ask("m-1")).toMatchObject({
      note: "Given back by under-test, undelivered: it comes again.",
      paths: [{ state: "given-back" }],
    });
    await clock.advance(10);
    received("m-1", 2);
    await clock.advance(10);
    delivered("m-1");
    const told = await ask("m-1");
    expect(told.note).toBe("Delivered to segment-production. It was received 2 times.");
    expect(told.paths).toMatchObject([
      {
        id: "m-1",
        eventId: "event-of-m-1",
        state: "settled",
        steps: [
          { what: "received", attempt: 1 },
          { what: "given-back" },
          { what: "received", attempt: 2 },
          { what: "delivered", destination: "segment-production", messageId: "ld-m-1", status: 200 },
        ],
      },
    ]);
    for (const id of ["event-of-m-1", "ld-m-1"]) expect((await ask(id)).paths).toEqual(told.paths);
  });

  it("names the last of several records of one event, and how many there are", async () => {
    const { received, delivered, ask } = anIndex();
    for (const id of ["m-1", "m-2"]) {
      received(id, 1, "published-twice");
      delivered(id);
    }
    const { note, paths } = await ask("published-twice");
    expect(paths.map(({ id }) => id)).toEqual(["m-2", "m-1"]);
    expect(note).toBe(
      "Delivered to segment-production. Of 2 records that this id names, this is the last one.",
    );
  });

  it("says how far back the index reaches once something has aged out", async () => {
    const { clock, log, received, delivered, ask } = anIndex();
    const never = await ask("m-0");
    expect(never).toMatchObject({ found: false, index: { agedOut: false, since: never.index.startedAt } });
    expect(never.note).toMatch(/^m-0 is not in hand, not in the index, nor in the dead letters\. /);
    expect(never.note).toMatch(
      /since the process began, .*: it did not come to this process while it ran\.$/,
    );

    received("m-0");
    delivered("m-0");
    for (let i = 1; !log.agedOut; i++) {
      await clock.advance(1);
      received(`m-${i}`);
    }
    const aged = await ask("m-0");
    expect(aged).toMatchObject({ found: false, index: { agedOut: true } });
    expect(Date.parse(aged.index.since!)).toBeGreaterThan(Date.parse(aged.index.startedAt));
    expect(aged.note).toBe(
      `m-0 is not in hand, not in the index, nor in the dead letters. The index reaches back to ${aged.index.since}; what is older has aged out: it came before that, or never.`,
    );
  });

  it("ages out by time as well, and finds the dead letter that is left", async () => {
    const { clock, log, received, ask } = anIndex();
    received("m-1");
    await clock.advance(HOUR_MS + 1);
    log.forget(clock.wallMs());
    const { found, note } = await ask("m-1", { letters: [letter], searched: "all" });
    expect(found).toBe(true);
    expect(note).toMatch(
      /what is older has aged out, and nothing of it is there; but a dead letter on the disk is of it\.$/,
    );
  });

  it("says what was not searched", async () => {
    const { ask } = anIndex();
    const note = async (searched: LettersFound["searched"]) =>
      (await ask("m-1", { letters: [], searched })).note;
    expect(await note("newest")).toContain("nor in the newest 64 MB of the dead letters");
    expect(await note("none")).toContain("the dead letters are not kept in files, so they were not searched");
  });

  it("says that an end is not known when only the beginning is in the index", async () => {
    const { received, ask } = anIndex();
    received("m-1");
    const { note, paths } = await ask("m-1");
    expect(paths[0]!.state).toBe("unknown");
    expect(note).toBe(
      "Received by under-test; it is not in hand any more, and its end has aged out of the index.",
    );
  });
});
