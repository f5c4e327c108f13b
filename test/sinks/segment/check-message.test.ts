import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { whyDiscarded } from "../../../src/emulators/segment/validate.ts";
import { DataError } from "../../../src/engine/errors.ts";
import { checkMessage, messageRejects } from "../../../src/sinks/segment/check-message.ts";
import { aMessage } from "./sink-under-test.ts";

function codeOf(message: Record<string, unknown>): string | undefined {
  try {
    checkMessage(message);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof DataError) return thrown.code;
    throw thrown;
  }
}

describe("what Segment would drop behind a 200 is refused before sending", () => {
  test.each<[string, Record<string, unknown>, string]>([
    ["an unknown type", { type: "trak" }, "segment-unknown-type"],
    ["no type", { type: undefined }, "segment-unknown-type"],
    ["a type from the prototype", { type: "constructor" }, "segment-unknown-type"],
    ["no identity", { userId: undefined }, "segment-no-identity"],
    ["an empty userId", { userId: "" }, "segment-id-not-string"],
    ["a null userId", { userId: null }, "segment-id-not-string"],
    ["a numeric anonymousId", { anonymousId: 7 }, "segment-id-not-string"],
    ["an alias without previousId", { type: "alias" }, "segment-id-required"],
    [
      "an alias without userId",
      { type: "alias", previousId: "a", userId: undefined, anonymousId: "b" },
      "segment-id-required",
    ],
    ["a group without groupId", { type: "group" }, "segment-id-required"],
    ["no messageId", { messageId: undefined }, "segment-message-id"],
    ["an empty messageId", { messageId: "" }, "segment-message-id"],
    ["a messageId of 100 characters", { messageId: "m".repeat(100) }, "segment-message-id"],
    ["a track without event", { event: undefined }, "segment-event-name"],
    ["a track with an empty event", { event: "" }, "segment-event-name"],
    ["a track with a numeric event", { event: 1 }, "segment-event-name"],
    ["a page with an empty name", { type: "page", name: "" }, "segment-name-not-string"],
    ["a page with a null category", { type: "page", category: null }, "segment-name-not-string"],
    ["properties that are an array", { properties: [] }, "segment-not-an-object"],
    ["properties that are null", { properties: null }, "segment-not-an-object"],
    ["traits that are a string", { traits: "x" }, "segment-not-an-object"],
    ["a context that is a number", { context: 1 }, "segment-not-an-object"],
    ["no timestamp", { timestamp: undefined }, "segment-timestamp"],
    ["a timestamp without a time zone", { timestamp: "2026-01-01T00:00:00.000" }, "segment-timestamp"],
    ["a timestamp in milliseconds", { timestamp: 1_767_225_600_000 }, "segment-timestamp"],
    ["a 13th month", { timestamp: "2026-13-01T00:00:00.000Z" }, "segment-timestamp"],
    ["a 25th hour", { timestamp: "2026-01-01T25:00:00.000Z" }, "segment-timestamp"],
    ["a letter among the digits", { timestamp: "2026-01-01T00:00:0x.000Z" }, "segment-timestamp"],
  ])("%s", (_, fields, code) => {
    expect(codeOf({ ...aMessage(), ...fields })).toBe(code);
    expect(Object.keys(messageRejects)).toContain(code);
  });

  test("a message says which event and what was found, without the payload", () => {
    const message = { ...aMessage(), event: 12, properties: { secret: "payload" } };
    expect(() => checkMessage(message)).toThrow(
      "event of message ld-1 is 12; a track message needs a string that is not empty.",
    );
  });

  test("long offending values are shortened", () => {
    expect(() => checkMessage({ ...aMessage(), messageId: "x".repeat(5_000) })).toThrow(
      /^messageId is "x{40}"… \(5000 characters\)/,
    );
  });
});

describe("what Segment takes passes", () => {
  test.each<[string, Record<string, unknown>]>([
    ["the plain event", {}],
    ["an anonymous event", { userId: undefined, anonymousId: "a" }],
    ["a page without a name", { type: "page", event: undefined }],
    ["an alias", { type: "alias", event: undefined, previousId: "a" }],
    ["a messageId of 99 characters", { messageId: "m".repeat(99) }],
    ["a timestamp with an offset", { timestamp: "2026-01-01T02:00:00+02:00" }],
    ["a timestamp far ahead", { timestamp: "2490-01-01T00:00:00.999Z" }],
  ])("%s", (_, fields) => {
    expect(codeOf({ ...aMessage(), ...fields })).toBeUndefined();
  });
});

test("whatever passes the checks is taken by a strict Segment", () => {
  const odd = fc.constantFrom<unknown>(undefined, null, "", "x", 0, true, [], {}, "2026-01-01T00:00:00.000Z");
  const changes = fc.record(
    {
      type: fc.constantFrom<unknown>("track", "page", "screen", "identify", "group", "alias", "x", undefined),
      event: odd,
      name: odd,
      category: odd,
      userId: odd,
      anonymousId: odd,
      previousId: odd,
      groupId: odd,
      messageId: fc.oneof(odd, fc.string({ minLength: 97, maxLength: 101 })),
      timestamp: fc.oneof(
        odd,
        fc.string(),
        fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      ),
      properties: odd,
      traits: odd,
      context: odd,
      integrations: odd,
    },
    { requiredKeys: [] },
  );
  // One or two changes at a time: with more of them hardly any message would pass.
  const few = fc.tuple(changes, fc.nat(), fc.nat()).map(([all, first, second]) => {
    const keys = Object.keys(all) as (keyof typeof all)[];
    const kept = [keys[first % keys.length], keys[second % keys.length]];
    return Object.fromEntries(kept.flatMap((key) => (key === undefined ? [] : [[key, all[key]]])));
  });
  let passed = 0;
  fc.assert(
    fc.property(few, (fields) => {
      const message = { ...aMessage(), ...fields };
      if (codeOf(message) !== undefined) return;
      passed++;
      expect(whyDiscarded(JSON.parse(JSON.stringify(message)))).toBeUndefined();
    }),
    { numRuns: 5_000 },
  );
  expect(passed).toBeGreaterThan(500);
});
