import { beforeEach, describe, expect, it } from "vitest";

import type { Encoded } from "../../src/engine/contracts.ts";
import { SinkFault } from "../../src/engine/errors.ts";
import { FailedWrites } from "../../src/engine/failed-writes.ts";
import { VirtualClock } from "../../src/engine/virtual-clock.ts";
import { recordingLog } from "../support/context.ts";

const item = (id: string): Encoded<unknown> => ({
  value: {},
  text: "{}",
  bytes: 2,
  origin: {
    id,
    body: new Uint8Array(0),
    attributes: {},
    publishedAtMs: 0,
    attempt: 1,
    writerSchema: undefined,
  },
});
const batch = {
  attempt: 2,
  items: ["a", "b", "c", "d"].map(item),
  answer: { status: 500, requestId: "its-7" },
};
const fault = (code = "http-500") =>
  new SinkFault("unavailable", "it answered 500", { code, said: "the payload" });

let clock: VirtualClock;
let log: ReturnType<typeof recordingLog>;
let writes: FailedWrites;

beforeEach(() => {
  clock = new VirtualClock();
  log = recordingLog();
  writes = new FailedWrites("segment", { clock, log });
});

const above = () => log.lines.filter(({ level }) => level !== "debug");

describe("a failed write", () => {
  it("is said with the other side's request id and the first events' ids, without what was answered", () => {
    writes.add(batch, fault());
    expect(above()).toEqual([
      {
        level: "warn",
        fields: {
          destination: "segment",
          code: "http-500",
          status: 500,
          requestId: "its-7",
          attempt: 2,
          events: 4,
          eventIds: ["a", "b", "c"],
          unsaid: 0,
        },
        message: "a write failed: it answered 500",
      },
    ]);
  });

  it("is said with what was answered at debug, each time", () => {
    for (let i = 0; i < 3; i++) writes.add(batch, fault());
    const lines = log.lines.filter(({ level }) => level === "debug");
    expect(lines.map(({ fields }) => (fields as { said: string }).said)).toEqual(
      Array.from({ length: 3 }, () => "the payload"),
    );
  });

  it("is said once a minute for a reason, with the number of those that were not said", async () => {
    for (let i = 0; i < 5; i++) writes.add(batch, fault());
    writes.add(batch, fault("timeout"));
    await clock.advance(60_000);
    writes.add(batch, fault());
    expect(above().map(({ fields }) => fields)).toMatchObject([
      { code: "http-500", unsaid: 0 },
      { code: "timeout", unsaid: 0 },
      { code: "http-500", unsaid: 4 },
    ]);
  });

  it("shows nothing of what was answered to whoever enumerates or prints the fault", () => {
    expect(JSON.stringify({ ...fault() })).not.toContain("payload");
    expect(String(fault())).not.toContain("payload");
    expect(fault().inFull).toBe("it answered 500; it said: the payload");
  });
});
