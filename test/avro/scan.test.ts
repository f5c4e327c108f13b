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

test.each([0, 1, 62, 63, 64, 65, 8_191, 8_192])(
  "a text of %d bytes ends where it ends, and not before",
  (bytes) => {
    const text = Buffer.concat([varint(bytes), Buffer.alloc(bytes, "x")]);
    expect(scanOf("string")(Buffer.concat([text, text]), 0, 2 * text.length)).toBe(text.length);
    expect(codeOf(() => scanOf("string")(text, 0, text.length - 1))).toBe("avro-truncated");
  },
);

test("a union of more branches than one byte can name is walked by the right one", () => {
  const branches = Array.from({ length: 100 }, (_, size) => ({ type: "fixed", name: `F${size}`, size }));
  const scan = scanOf(branches);
  for (const index of [0, 1, 63, 64, 99]) {
    const datum = Buffer.concat([varint(index), Buffer.alloc(index)]);
    expect(scan(Buffer.concat([datum, datum]), 0, 2 * datum.length)).toBe(datum.length);
  }
  for (const index of [-1, 100]) expect(codeOf(() => scan(varint(index), 0, 2))).toBe("avro-bad-union");
});

test("a record that holds itself is walked as deep as it may be, and no deeper", () => {
  const list = { type: "record", name: "L", fields: [{ name: "next", type: ["null", "L"] }] };
  const deep = (depth: number) => Buffer.concat([...Array(depth).fill(varint(1)), varint(0)]);
  expect(scanOf(list)(deep(50), 0, 51)).toBe(51);
  expect(codeOf(() => scanOf(list)(deep(10_000), 0, 10_001))).toBe("avro-too-deep");
});
