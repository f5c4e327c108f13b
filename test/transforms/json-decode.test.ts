import { gzipSync } from "node:zlib";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { DataError } from "../../src/engine/errors.ts";
import jsonDecode from "../../src/transforms/json-decode.ts";
import { exportEvent, garbage } from "../support/arbitraries.ts";
import { applyOf, rejection } from "../support/transforms.ts";

const decode = applyOf(jsonDecode);
const bytes = (text: string) => Buffer.from(text);

describe("json-decode", () => {
  it.each([
    ["json-invalid", bytes("")],
    ["json-invalid", bytes('{"a":1}{"a":2}')],
    ["json-invalid", Buffer.from([0x22, 0xff, 0x22])],
    ["json-not-an-object", bytes("[]")],
    ["json-too-deep", bytes("[".repeat(10_000))],
    ["gzip-corrupt", Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3])],
    ["gzip-corrupt", gzipSync("{}").subarray(0, 15)],
    ["json-not-an-object", gzipSync("5")],
  ])("refuses with %s: %j", (code, body) => {
    expect(rejection(() => decode(body)).code).toBe(code);
    expect(Object.keys(jsonDecode.rejects ?? {})).toContain(code);
  });

  it("stops inflating at the limit", () => {
    const apply = applyOf(jsonDecode, { maxInflatedBytes: 1_024 });
    const text = (length: number) => JSON.stringify({ a: "x".repeat(length - 8) });
    expect(apply(gzipSync(text(1_024)))).toEqual({ a: "x".repeat(1_016) });
    expect(rejection(() => apply(gzipSync(text(1_025)))).code).toBe("json-too-large");
    expect(rejection(() => apply(gzipSync(" ".repeat(5_000_000)))).code).toBe("json-too-large");
  });

  it("gives the document, compressed or not", () => {
    fc.assert(
      fc.property(exportEvent, (event) => {
        const body = bytes(JSON.stringify(event));
        expect(JSON.stringify(decode(gzipSync(body)))).toBe(JSON.stringify(decode(body)));
      }),
      { numRuns: 100 },
    );
  });

  it("never throws anything but a DataError that it declares", () => {
    fc.assert(
      fc.property(garbage, (body) => {
        try {
          expect(decode(body)).toBeTypeOf("object");
        } catch (error) {
          if (!(error instanceof DataError)) throw error;
          expect(Object.keys(jsonDecode.rejects ?? {})).toContain(error.code);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
