import { describe, expect, test } from "vitest";

import { DataError } from "../../../src/engine/errors.ts";
import { SegmentEvent } from "../../../src/events/segment-event.ts";
import { aDestination } from "../../support/context.ts";
import { aMessage, aSink, destinationAt } from "./sink-under-test.ts";
import { kept } from "./sink-world.ts";

describe("encoding", () => {
  const encode = (fields: Record<string, unknown>, config = {}): string =>
    kept(aSink(destinationAt("http://127.0.0.1:1"), config)).encode(
      new SegmentEvent(aDestination(), aMessage(fields)),
    );
  const codeOf = (fields: Record<string, unknown>, config = {}): string => {
    try {
      return encode(fields, config);
    } catch (thrown) {
      return thrown instanceof DataError ? thrown.code : String(thrown);
    }
  };

  test("gives the message's own JSON", () => {
    expect(encode({})).toBe(JSON.stringify(aMessage()));
  });

  test("measures bytes, not characters, to the last one", () => {
    const room = 32_768 - Buffer.byteLength(encode({ properties: { text: "" } }));
    expect(
      Buffer.byteLength(encode({ properties: { text: "é".repeat(Math.floor(room / 2)) } })),
    ).toBeGreaterThan(32_766);
    expect(Buffer.byteLength(encode({ properties: { text: "a".repeat(room) } }))).toBe(32_768);
    expect(codeOf({ properties: { text: "a".repeat(room + 1) } })).toBe("segment-event-too-large");
    expect(codeOf({ properties: { text: "é".repeat(Math.floor(room / 2) + 1) } })).toBe(
      "segment-event-too-large",
    );
  });

  test("refuses what JSON cannot say", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    let deep: unknown = 1;
    for (let n = 0; n < 100_000; n++) deep = [deep];
    expect(codeOf({ properties: cycle })).toBe("segment-not-serializable");
    expect(codeOf({ properties: { big: 1n } })).toBe("segment-not-serializable");
    expect(codeOf({ properties: { deep } })).toBe("segment-not-serializable");
  });

  test("applies the rules of Segment", () => {
    expect(codeOf({ userId: "" })).toBe("segment-id-not-string");
  });
});
