import { describe, expect, it } from "vitest";

import { SegmentEvent } from "../../../src/events/segment-event.ts";
import segmentEvent from "../../../src/transforms/segment-event.ts";
import { aDestination, destinationsOf } from "../../support/context.ts";
import { applyOf, rejection } from "../../support/transforms.ts";

const event = (who: object) => ({
  project: "p1",
  environment: "env",
  event: { kind: "click", creationDate: 1, key: "k", ...who },
});

function idsOf(who: object, config: object = {}, kinds: object = {}) {
  const destinations = destinationsOf(aDestination({ environment: "env", config: kinds }));
  const output = applyOf(segmentEvent, config, { destinations })(event(who));
  if (!(output instanceof SegmentEvent)) throw new Error("expected one Segment event");
  const { userId, anonymousId, properties } = output.message;
  return { userId, anonymousId, contextKeys: properties?.["contextKeys"] };
}

describe("whom an event is about", () => {
  it.each([
    ["contextKeys", { contextKeys: { user: "u", org: "o" } }, "u", undefined, { user: "u", org: "o" }],
    [
      "a user and an anonymous user",
      { contextKeys: { user: "u", anonymousUser: "a" } },
      "u",
      "a",
      { user: "u", anonymousUser: "a" },
    ],
    [
      "an anonymous user alone",
      { contextKeys: { anonymousUser: "a" } },
      undefined,
      "a",
      { anonymousUser: "a" },
    ],
    ["a single context", { context: { kind: "user", key: "u", name: "N" } }, "u", undefined, { user: "u" }],
    ["a context without kind, an old user", { context: { key: "u" } }, "u", undefined, { user: "u" }],
    [
      "a multi context",
      { context: { kind: "multi", user: { key: "u" }, org: { key: "o" } } },
      "u",
      undefined,
      { user: "u", org: "o" },
    ],
    [
      "an anonymous context",
      { context: { kind: "user", key: "t", anonymous: true } },
      undefined,
      "t",
      { user: "t" },
    ],
    [
      "an anonymous user within a multi context",
      { context: { kind: "multi", user: { key: "t", anonymous: true }, org: { key: "o" } } },
      undefined,
      "t",
      { user: "t", org: "o" },
    ],
    [
      "contextKeys beside an anonymous context",
      { contextKeys: { user: "t" }, context: { kind: "user", key: "t", anonymous: true } },
      undefined,
      "t",
      { user: "t" },
    ],
    [
      "contextKeys that a browser SDK marked anonymous",
      { contextKeys: { user: "t" }, contextKind: "anonymousUser" },
      undefined,
      "t",
      { user: "t" },
    ],
    ["userKey", { userKey: "u" }, "u", undefined, { user: "u" }],
    [
      "an anonymous userKey",
      { userKey: "a", contextKind: "anonymousUser" },
      undefined,
      "a",
      { anonymousUser: "a" },
    ],
    [
      "an anonymous userKey, as the relay says it",
      { userKey: "a", contextKind: "anonymous" },
      undefined,
      "a",
      { anonymousUser: "a" },
    ],
    ["user", { user: { key: "u", custom: {} } }, "u", undefined, { user: "u" }],
    ["a user with a numeric key", { user: { key: 17 } }, "17", undefined, { user: "17" }],
    [
      "an anonymous user object",
      { user: { key: "a", anonymous: true } },
      undefined,
      "a",
      { anonymousUser: "a" },
    ],
    [
      "a users-only identity beside contextKeys",
      { userKey: "named", contextKeys: { user: "u", anonymousUser: "a" } },
      "named",
      undefined,
      { user: "u", anonymousUser: "a" },
    ],
    ["numbers among contextKeys", { contextKeys: { user: 5, org: null } }, "5", undefined, { user: "5" }],
    [
      "empty contextKeys beside a context",
      { contextKeys: {}, context: { kind: "user", key: "u" } },
      "u",
      undefined,
      { user: "u" },
    ],
  ])("is read from %s", (_, who, userId, anonymousId, contextKeys) => {
    expect(idsOf(who)).toEqual({ userId, anonymousId, contextKeys });
  });

  it("is decided by the destination's context kinds", () => {
    const kinds = { userIdContextKind: "org", anonymousIdContextKind: "device" };
    const ids = idsOf({ contextKeys: { user: "u", org: "o", device: "d" } }, {}, kinds);
    expect(ids).toMatchObject({ userId: "o", anonymousId: "d" });
  });

  it("falls back to contextKeys when a users-only identity is of a kind that is not mapped", () => {
    const ids = idsOf({ userKey: "u", contextKeys: { org: "o" } }, {}, { userIdContextKind: "org" });
    expect(ids).toMatchObject({ userId: "o" });
  });

  it("is the kind alone when anonymousContexts is off", () => {
    const who = { context: { kind: "user", key: "t", anonymous: true } };
    expect(idsOf(who, { anonymousContexts: false })).toMatchObject({ userId: "t", anonymousId: undefined });
  });

  it("may be the first fallback kind found, and only then", () => {
    const config = { fallbackAnonymousKinds: ["device", "org"] };
    expect(idsOf({ contextKeys: { org: "acme" } }, config)).toMatchObject({ anonymousId: "org:acme" });
    expect(idsOf({ contextKeys: { org: "acme", user: "u" } }, config)).toMatchObject({
      userId: "u",
      anonymousId: undefined,
    });
  });

  it("may be named like a prototype without becoming one", () => {
    const contextKeys = JSON.parse('{"__proto__":"p","constructor":"c","user":"u"}');
    expect(JSON.stringify(idsOf({ contextKeys }).contextKeys)).toBe(
      '{"__proto__":"p","constructor":"c","user":"u"}',
    );
    const context = JSON.parse('{"kind":"multi","__proto__":{"key":"p"},"user":{"key":"u"}}');
    expect(JSON.stringify(idsOf({ context }).contextKeys)).toBe('{"__proto__":"p","user":"u"}');
    expect(idsOf({ contextKeys }, {}, { userIdContextKind: "__proto__" }).userId).toBe("p");
    const unmapped = { userIdContextKind: "toString", anonymousIdContextKind: "valueOf" };
    expect(rejection(() => idsOf({ contextKeys }, {}, unmapped)).code).toBe("no-identity");
  });
});
