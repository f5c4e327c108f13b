import { describe, expect, test } from "vitest";

import { varint } from "../../src/avro/container-writer.ts";
import { compileScan, datumBoundaries } from "../../src/avro/scan.ts";
import { codeOf, schemaOf } from "../support/avro.ts";

const scanOf = (json: unknown) => compileScan(schemaOf(json).type);
const strings = Buffer.concat(
  ["a", "bc", ""].map((text) => Buffer.concat([varint(text.length), Buffer.from(text)])),
);

describe("datumBoundaries", () => {
  test("gives the borders of all data", () => {
    expect([...datumBoundaries(scanOf("string"), strings, 3)]).toStrictEqual([0, 2, 5, 6]);
  });

  test.each([2, 4, 1_000_000_000, -1])("refuses a count of %d for three data", (count) => {
    expect(codeOf(() => datumBoundaries(scanOf("string"), strings, count))).toMatch(
      /avro-(wrong-count|truncated)/,
    );
  });

  test("names the datum that is bad", () => {
    const bad = Buffer.concat([strings, varint(-1)]);
    expect(() => datumBoundaries(scanOf("string"), bad, 4)).toThrow(/^Datum 3 of 4 at byte 6 of the block/);
  });

  test("takes data without bytes, but not any number of them", () => {
    expect(datumBoundaries(scanOf("null"), Buffer.alloc(0), 3)).toHaveLength(4);
    expect(codeOf(() => datumBoundaries(scanOf("null"), Buffer.alloc(0), 10_001))).toBe("avro-wrong-count");
  });

  test("zero data in zero bytes are fine", () => {
    expect([...datumBoundaries(scanOf("string"), Buffer.alloc(0), 0)]).toStrictEqual([0]);
  });
});

test("a scan stays within the range it was given", () => {
  expect(scanOf("string")(strings, 2, 5)).toBe(5);
  expect(codeOf(() => scanOf("string")(strings, 2, 4))).toBe("avro-truncated");
});

test("content is left to the decoder, so that one bad event does not take its block along", () => {
  expect(scanOf("boolean")(Buffer.from([7]), 0, 1)).toBe(1);
  expect(scanOf("string")(Buffer.from("02ff", "hex"), 0, 2)).toBe(2);
  expect(scanOf("long")(Buffer.from("ffffffffffffffffff01", "hex"), 0, 10)).toBe(10);
});

test("blocks with a size in bytes are walked, and must be as long as they say", () => {
  const scan = scanOf({ type: "array", items: "long" });
  expect(scan(Buffer.from("0304020400", "hex"), 0, 5)).toBe(5);
  expect(codeOf(() => scan(Buffer.from("0306020400", "hex"), 0, 5))).toBe("avro-bad-length");
});
