import { createHash } from "node:crypto";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  canonicalJson,
  eventIdentity,
  messageId,
  messageIdPrefix,
} from "../../../src/transforms/segment-event/message-id.ts";
import { anyJson, anyText } from "../../support/arbitraries.ts";

const parts = { destination: "d1", project: "p1", environment: "e1" };

/** Keys in another order at every depth. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, shuffled(member)]),
  );
}

describe("messageId", () => {
  it("is the SHA-256 of destination, project, environment and event id, each behind its length", () => {
    const digest = createHash("sha256").update("2:d12:p12:e1i2:x1").digest("base64url");
    expect(messageId(messageIdPrefix(parts), eventIdentity({ id: "x1" }))).toBe(`ld-${digest}`);
  });

  it("has 46 characters, whatever the parts are", () => {
    const id = messageId(messageIdPrefix({ ...parts, project: "é".repeat(5_000) }), "x");
    expect(id).toMatch(/^ld-[\w-]{43}$/);
  });

  it("differs as soon as one part differs, wherever the border between parts lies", () => {
    const four = fc.tuple(anyText, anyText, anyText, anyText);
    fc.assert(
      fc.property(four, four, (a, b) => {
        const text = ([destination, project, environment, id]: typeof a) =>
          messageIdPrefix({ destination, project, environment }) + eventIdentity({ id, key: id });
        expect(text(a) === text(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
    expect(messageIdPrefix({ ...parts, destination: "d", project: "1p1" })).not.toBe(messageIdPrefix(parts));
  });

  it("hashes the content of an event without id, in whatever order its keys come", () => {
    fc.assert(
      fc.property(fc.dictionary(anyText, anyJson), (event) => {
        const { id: _, ...rest } = event;
        expect(eventIdentity(shuffled(rest) as typeof rest)).toBe(eventIdentity(rest));
      }),
    );
  });

  it("takes null for absent, as Avro cannot tell them apart", () => {
    expect(canonicalJson({ a: null, b: { c: undefined, d: [null] } })).toBe('{"b":{"d":[null]}}');
  });
});
