// The documented examples carry a `userId` that is none of their `contextKeys`, and no `anonymousId` although
// an anonymous user is among them. Both follow when the exporting SDK was users-only: its `userKey` (or `user`)
// names the user, and `contextKeys` is only copied. The fixtures are such exports; envelope version 1, as shown.

import { describe, expect, it } from "vitest";

import { SegmentEvent } from "../../../src/events/segment-event.ts";
import segmentEvent from "../../../src/transforms/segment-event.ts";
import { aDestination, destinationsOf } from "../../support/context.ts";
import { documented, EXAMPLES, exported, sent } from "../../support/fixtures.ts";
import { problemsOf } from "../../support/segment-schemas.ts";
import { applyOf } from "../../support/transforms.ts";

describe.each(EXAMPLES)("the documented %s event", (name) => {
  const input = exported(name);
  const destination = aDestination({ environment: String(input["environment"]) });
  const output = applyOf(segmentEvent, {}, { destinations: destinationsOf(destination) })(input);

  it("comes out as documented, but for the ids and times that are Segment's or made per destination", () => {
    const { receivedAt, sentAt, originalTimestamp, timestamp, messageId, ...shown } = documented(name);
    expect([receivedAt, sentAt, timestamp, messageId].every((text) => typeof text === "string")).toBe(true);
    const message = JSON.parse(JSON.stringify(output));
    expect(message).toEqual({ ...shown, timestamp: originalTimestamp, messageId: message.messageId });
  });

  it("has its keys in the documented order, at the top and in properties", () => {
    const message = JSON.parse(JSON.stringify(output));
    const order = (value: unknown) => Object.keys(value as object);
    const isSent = (key: string) => !["receivedAt", "sentAt", "originalTimestamp"].includes(key);
    expect(order(message)).toEqual(order(documented(name)).filter(isSent));
    expect(order(message.properties)).toEqual(order(documented(name)["properties"]));
  });

  it("is byte for byte the fixture", () => {
    expect(output).toBeInstanceOf(SegmentEvent);
    expect(JSON.stringify(output)).toBe(JSON.stringify(sent(name)));
  });

  it("is valid against the published schema", () => {
    expect(problemsOf(JSON.parse(JSON.stringify(output)))).toEqual([]);
  });
});
