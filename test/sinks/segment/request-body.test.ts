import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { Encoded } from "../../../src/engine/contracts.ts";
import { buildBody, envelopeBytes, MAX_WRITE_KEY_LENGTH } from "../../../src/sinks/segment/request-body.ts";

const sentAt = "2026-01-01T00:00:00.000Z";
const envelope = { sentAt, writeKey: "test-write-key", version: "1.2.3" };

function item(text: string, bytes = Buffer.byteLength(text)): Encoded<unknown> {
  const origin = {
    id: "1",
    body: new Uint8Array(),
    attributes: {},
    publishedAtMs: 0,
    attempt: 1,
    writerSchema: undefined,
  };
  return { value: undefined, text, bytes, origin };
}

describe("the request body", () => {
  test("holds the events untouched, the time of the attempt, the library and the key", () => {
    expect(buildBody([item('{"a":1}'), item('{"b":"é"}')], envelope).toString("utf8")).toBe(
      '{"batch":[{"a":1},{"b":"é"}],"sentAt":"2026-01-01T00:00:00.000Z",' +
        '"context":{"library":{"name":"sluice","version":"1.2.3"}},"writeKey":"test-write-key"}',
    );
  });

  test("without events is a valid empty batch", () => {
    expect(JSON.parse(buildBody([], envelope).toString("utf8"))).toMatchObject({ batch: [] });
  });

  test("a wrong byte count is a bug and loud", () => {
    expect(() => buildBody([item('{"a":1}', 8)], envelope)).toThrow("claim");
    expect(() => buildBody([item('{"a":"é"}', 9)], envelope)).toThrow();
  });

  test("has as many bytes as the limits count, for any text", () => {
    const text = fc
      .oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }))
      .map((value) => JSON.stringify({ value }));
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 1 }),
        fc.integer({ min: 1, max: MAX_WRITE_KEY_LENGTH }),
        (texts, keyLength) => {
          const items = texts.map((one) => item(one));
          const writeKey = "k".repeat(keyLength);
          const body = buildBody(items, { ...envelope, writeKey });
          const counted = items.reduce((sum, one) => sum + one.bytes, 0) + items.length - 1;
          expect(body.length).toBe(counted + envelopeBytes("1.2.3") - (MAX_WRITE_KEY_LENGTH - keyLength));
          expect(body.toString("utf8")).toContain(`{"batch":[${texts.join(",")}],"sentAt":"${sentAt}"`);
          expect(JSON.parse(body.toString("utf8")).batch).toEqual(texts.map((one) => JSON.parse(one)));
        },
      ),
    );
  });
});
