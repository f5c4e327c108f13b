import { describe, expect, test } from "vitest";

import { varint } from "../../src/avro/container-writer.ts";
import { codeOf, decoded, transported } from "../support/avro.ts";
import { envelope, featureDatum, featureEvent } from "../support/sample-avro-schema.ts";

const record = (...fields: unknown[]) => ({ type: "record", name: "R", fields });
const optional = (name: string, type: unknown) => ({ name, type: ["null", type], default: null });
const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");

describe("hostile data", () => {
  const million = "8084af5f"; // 100,000,000, as a varint
  test.each([
    ["an array of 100,000,000 longs in 5 bytes", `${million}00`, { type: "array", items: "long" }],
    ["an array of 2^31 nulls in 6 bytes", "808080801000", { type: "array", items: "null" }],
    ["a map of 100,000,000 longs", `${million}00`, { type: "map", values: "long" }],
    ["an array of 10,001 nulls", "a29c0100", { type: "array", items: "null" }],
    ["an array of -2^40 items", "ffffffffffff3f00", { type: "array", items: "string" }],
    ["a count of 2^63", "ffffffffffffffffff0100", { type: "array", items: "long" }],
  ])("refuses %s", (_, bytes, schema) => {
    expect(codeOf(() => decoded(hex(bytes), schema))).toMatch(/^avro-(too-many-items|truncated|bad-length)$/);
  });

  test("refuses more items than the limit though their bytes are there", () => {
    const limits = { maxDepth: 64, maxItems: 10, maxEmptyItems: 10 };
    const bytes = Buffer.concat([varint(11), Buffer.alloc(11), varint(0)]);
    const schema = { type: "array", items: "long" };
    expect(codeOf(() => decoded(bytes, schema, schema, { limits }))).toBe("avro-too-many-items");
  });

  test("refuses what nests deeper than 64", () => {
    const list = record(optional("next", "R"));
    expect(codeOf(() => decoded(Buffer.alloc(65, 2), list))).toBe("avro-too-deep");
    expect(decoded(Buffer.concat([Buffer.alloc(63, 2), Buffer.alloc(1)]), list)).toBeTypeOf("object");
  });

  test("refuses records that double without taking bytes", () => {
    let schema: unknown = "null";
    for (let level = 0; level < 25; level++)
      schema = {
        type: "record",
        name: `L${level}`,
        fields: [
          { name: "a", type: schema },
          { name: "b", type: level ? `L${level - 1}` : "null" },
        ],
      };
    expect(codeOf(() => decoded(Buffer.alloc(0), schema))).toBe("avro-too-many-items");
  });

  test.each([
    ["avro-truncated", "08616263", "string"],
    ["avro-truncated", "", "string"],
    ["avro-bad-length", "01", "string"],
    ["avro-bad-length", "01", "bytes"],
    ["avro-bad-utf8", "04c328", "string"],
    ["avro-bad-utf8", `28${"61".repeat(19)}ff`, "string"],
    ["avro-bad-varint", "ffffffffffffffffff02", "long"],
    ["avro-bad-varint", "ff".repeat(20), "long"],
    ["avro-bad-boolean", "07", "boolean"],
    ["avro-bad-union", "04", ["null", "string"]],
    ["avro-bad-union", "01", ["null", "string"]],
    ["avro-bad-enum", "02", { type: "enum", name: "E", symbols: ["A"] }],
    ["avro-int-out-of-range", "8080808010", "int"],
    ["avro-not-finite", "000000000000f87f", "double"],
    ["avro-not-finite", "0000807f", "float"],
    ["avro-trailing-data", "0000", "long"],
    ["avro-bad-json", "0461 7d", { type: "string", logicalType: "json" }],
    ["avro-bad-length", "01 02 8001 00", { type: "array", items: "long" }],
  ])("%s: %s as %j", (code, bytes, schema) => {
    expect(codeOf(() => decoded(hex(bytes), schema))).toBe(code);
  });

  test("says at which byte", () => {
    expect(() =>
      decoded(hex("0861626364 07"), record({ name: "a", type: "string" }, { name: "b", type: "boolean" })),
    ).toThrow(/at byte 6: a boolean of value 7/);
  });

  test("keeps a text that does contain a replacement character", () => {
    expect(transported("a\ufffdb", "string")).toBe("a\ufffdb");
  });
});

describe("longs", () => {
  test.each([0, -1, 2 ** 31, -(2 ** 52) - 1, 2 ** 52 + 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])(
    "%d keeps every digit",
    (value) => {
      expect(decoded(varint(value), "long")).toBe(value);
    },
  );

  test("beyond 2^53-1 is an error, never another number", () => {
    const wide = (value: bigint): Buffer => {
      const bytes: number[] = [];
      let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
      for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
      return Buffer.from([...bytes, Number(rest)]);
    };
    for (const value of [2n ** 53n, -(2n ** 53n), 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)])
      expect(codeOf(() => decoded(wide(value), "long"))).toBe("avro-long-out-of-range");
  });
});

describe("plain form", () => {
  test("is the JSON document, in the schema's order of fields, without the fields that are null", () => {
    const plain = transported(featureDatum, envelope);
    expect(plain).toStrictEqual(featureEvent);
    expect(JSON.stringify(plain)).toBe(JSON.stringify(featureEvent));
  });

  test("a branch added to a union changes nothing", () => {
    const before = [transported({ int: 5 }, ["null", "int"]), transported(null, ["null", "int"])];
    const wider = ["null", "int", "long", "string", { type: "record", name: "A", fields: [] }];
    expect([transported({ int: 5 }, wider), transported(null, wider)]).toStrictEqual(before);
    expect(transported({ int: 5 }, ["null", "int"], ["null", "long", "int"])).toBe(5);
  });

  test("null stays null in arrays and maps, and is absent in records", () => {
    const nullable = ["null", "int"];
    expect(transported([null, { int: 1 }], { type: "array", items: nullable })).toStrictEqual([null, 1]);
    expect(transported({ a: null }, { type: "map", values: nullable })).toStrictEqual({ a: null });
    expect(transported({ a: null }, record({ name: "a", type: nullable }))).toStrictEqual({});
  });

  test.each([
    ["null", null],
    ["0", 0],
    ['{"a":[1,"x"]}', { a: [1, "x"] }],
    ['"text"', "text"],
  ])("JSON text %s becomes its value, null included", (text, value) => {
    const schema = record(optional("value", { type: "string", logicalType: "json" }));
    expect(transported({ value: { string: text } }, schema)).toStrictEqual({ value });
  });

  test("JSON text nested without end is an error", () => {
    const text = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    expect(codeOf(() => transported(text, { type: "string", logicalType: "json" }))).toBe("avro-bad-json");
  });

  test("keys named __proto__ are dropped, from maps and from JSON text", () => {
    const bytes = Buffer.concat([
      varint(2),
      varint(9),
      Buffer.from("__proto__"),
      varint(1),
      varint(1),
      Buffer.from("a"),
      varint(2),
      varint(0),
    ]);
    const map = decoded(bytes, { type: "map", values: "long" });
    expect(map).toStrictEqual({ a: 2 });
    const json = transported('{"\\u005f_proto__":{"x":1},"b":1}', { type: "string", logicalType: "json" });
    expect(json).toStrictEqual({ b: 1 });
    expect(Object.getPrototypeOf(json)).toBe(Object.prototype);
  });

  test.each([
    ["timestamp-millis", "long", 1669610559830, 1669610559830],
    ["timestamp-micros", "long", 1669610559830500, 1669610559830.5],
    ["local-timestamp-micros", "long", 1000, 1],
    ["time-millis", "int", 5, 5],
    ["time-micros", "long", 2_500, 2.5],
    ["date", "int", 20_780, "2026-11-23"],
    ["date", "int", -1, "1969-12-31"],
  ])("%s of %s: %d is %j", (logicalType, type, datum, plain) => {
    expect(transported(datum, { type, logicalType })).toBe(plain);
  });

  test("nanoseconds, which no number holds, become milliseconds", () => {
    const nanos = hex("80a8d6b9a3b7cfab2e");
    expect(decoded(nanos, { type: "long", logicalType: "timestamp-nanos" })).toBeCloseTo(1669610559830, -9);
  });

  test.each([
    ["00", 2, "0.00"],
    ["04d2", 2, "12.34"],
    ["fb2e", 2, "-12.34"],
    ["ff", 3, "-0.001"],
    ["7f", 0, "127"],
    ["", 2, "0.00"],
  ])("the decimal %s with scale %d is %s", (bytes, scale, plain) => {
    const schema = { type: "bytes", logicalType: "decimal", precision: 10, scale };
    expect(transported(hex(bytes), schema)).toBe(plain);
  });

  test("durations, uuids, enums, bytes and fixed have the documented forms", () => {
    const duration = { type: "fixed", name: "D", size: 12, logicalType: "duration" };
    expect(transported(hex("01000000 02000000 bc0b0000"), duration)).toBe("P1M2DT3.004S");
    expect(transported("a-b", { type: "string", logicalType: "uuid" })).toBe("a-b");
    expect(transported("B", { type: "enum", name: "E", symbols: ["A", "B"] })).toBe("B");
    expect(transported(hex("00ff"), "bytes")).toBe("AP8=");
    expect(transported(hex("00ff"), { type: "fixed", name: "F", size: 2 })).toBe("AP8=");
  });

  test("bytes may be views instead", () => {
    expect(decoded(hex("0400ff"), "bytes", "bytes", { bytes: "view" })).toStrictEqual(hex("00ff"));
  });
});

describe("schema resolution", () => {
  test("fields are matched by name or alias, others skipped or filled from defaults", () => {
    const writer = record(
      { name: "gone", type: { type: "array", items: "string" } },
      { name: "old", type: "int" },
    );
    const reader = record(
      { name: "tags", type: { type: "array", items: "string" }, default: ["x"] },
      { name: "renamed", aliases: ["old"], type: "double" },
      optional("absent", "string"),
    );
    const plain = transported({ gone: ["a"], old: 3 }, writer, reader);
    expect(JSON.stringify(plain)).toBe('{"tags":["x"],"renamed":3}');
  });

  test("the reader's order of fields wins", () => {
    const writer = record({ name: "b", type: "int" }, { name: "a", type: "int" });
    const reader = record({ name: "a", type: "int" }, { name: "b", type: "int" });
    expect(JSON.stringify(transported({ a: 1, b: 2 }, writer, reader))).toBe('{"a":1,"b":2}');
  });

  test("defaults are never shared between events", () => {
    const reader = record({ name: "tags", type: { type: "array", items: "string" }, default: [] });
    const decode = () => decoded(Buffer.alloc(0), record(), reader) as { tags: string[] };
    decode().tags.push("mine");
    expect(decode()).toStrictEqual({ tags: [] });
  });

  test.each([
    ["int", "long", 1, 1],
    ["long", "double", 7, 7],
    ["float", "double", 0.5, 0.5],
    ["string", "bytes", "hi", "aGk="],
    ["bytes", "string", Buffer.from("hi"), "hi"],
  ])("%s is promoted to %s", (writer, reader, datum, plain) => {
    expect(transported(datum, writer, reader)).toBe(plain);
  });

  test("the writer tells the unit of a time", () => {
    const micros = { type: "long", logicalType: "timestamp-micros" };
    expect(transported(5_000, micros, { type: "long", logicalType: "timestamp-millis" })).toBe(5);
  });

  test("a branch or symbol that the reader does not know is an error of that datum only", () => {
    const branch = (name: string) => ({ type: "record", name, fields: [{ name: "kind", type: "string" }] });
    const writer = [branch("A"), branch("Later")];
    expect(transported({ A: { kind: "a" } }, writer, [branch("A")])).toStrictEqual({ kind: "a" });
    expect(codeOf(() => transported({ Later: { kind: "x" } }, writer, [branch("A")]))).toBe(
      "avro-incompatible-schema",
    );
    const symbols = (list: string[], rest = {}) => ({ type: "enum", name: "E", symbols: list, ...rest });
    expect(codeOf(() => transported("C", symbols(["A", "C"]), symbols(["A"])))).toBe("avro-bad-enum");
    expect(transported("C", symbols(["A", "C"]), symbols(["A"], { default: "A" }))).toBe("A");
  });

  test("recursive schemas resolve", () => {
    const list = record({ name: "value", type: "int" }, optional("next", "R"));
    const wider = record({ name: "value", type: "long" }, optional("next", "R"), optional("extra", "string"));
    const datum = { value: 1, next: { R: { value: 2, next: null } } };
    expect(transported(datum, list, wider)).toStrictEqual({ value: 1, next: { value: 2 } });
  });

  test.each([
    [
      "a field without default that was not written",
      record(),
      record({ name: "a", type: "int" }),
      /R: field a has no default/,
    ],
    [
      "another type",
      record({ name: "a", type: "string" }),
      record({ name: "a", type: "int" }),
      /R\.a: .*cannot read string as int/,
    ],
    ["another name", { ...record(), name: "X" }, record(), /cannot read X as R/],
    [
      "fixed of another size",
      { type: "fixed", name: "F", size: 1 },
      { type: "fixed", name: "F", size: 2 },
      /cannot read F as F/,
    ],
  ])("refuses %s", (_, writer, reader, message) => {
    expect(() => decoded(Buffer.alloc(0), writer, reader)).toThrow(message);
    expect(codeOf(() => decoded(Buffer.alloc(0), writer, reader))).toBe("avro-incompatible-schema");
  });
});
