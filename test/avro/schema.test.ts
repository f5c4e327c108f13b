import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { loadReaderSchema, loadWriterSchema, writerSchema } from "../../src/avro/schema.ts";
import { rabinFingerprint } from "../../src/avro/fingerprint.ts";
import { codeOf, schemaOf, transported } from "../support/avro.ts";

const load = (text: string) => loadReaderSchema(writerSchema(text));

describe("hostile schemas", () => {
  const named = (name: string) => JSON.stringify({ type: "record", name, fields: [] });
  test.each([
    ["no JSON", "{"],
    ["a number", "5"],
    ["an unknown type", '"strin"'],
    ["an empty union", "[]"],
    ["a union in a union", '["int",["string"]]'],
    ["deep nesting", `${'{"type":"array","items":'.repeat(5_000)}"int"${"}".repeat(5_000)}`],
    ["too much text", `"${"x".repeat(1_000_001)}"`],
    [
      "too many nodes",
      JSON.stringify({ type: "enum", name: "E", symbols: Array.from({ length: 60_000 }, (_, i) => `S${i}`) }),
    ],
    ["a name that is code", named("A(){};process.exit()//")],
    [
      "a namespace that is code",
      JSON.stringify({ type: "record", name: "A", namespace: "a'];x", fields: [] }),
    ],
    ["a record named __proto__", named("__proto__")],
    ["a field named __proto__", '{"type":"record","name":"R","fields":[{"name":"__proto__","type":"int"}]}'],
    [
      "a field named constructor",
      '{"type":"record","name":"R","fields":[{"name":"constructor","type":"int"}]}',
    ],
    [
      "two fields of one name",
      '{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"a","type":"int"}]}',
    ],
    ["a reference to nothing", '{"type":"record","name":"R","fields":[{"name":"a","type":"Nothing"}]}'],
  ])("%s is avro-bad-schema", (_, text) => {
    expect(codeOf(() => load(text))).toBe("avro-bad-schema");
  });

  test("defaults that multiply when they are expanded are ignored in what others wrote", () => {
    let levels = '{"type":"record","name":"L0","fields":[{"name":"a","type":"int","default":0}]}';
    for (let level = 1; level < 30; level++)
      levels = `{"type":"record","name":"L${level}","fields":[{"name":"a","type":${levels},"default":{}},{"name":"b","type":"L${level - 1}","default":{}}]}`;
    expect(loadWriterSchema(writerSchema(levels)).type.name).toBe("L29");
  });
});

test("a schema refers to types by name, with and without namespace, and by type objects", () => {
  const schema = {
    type: "record",
    name: "a.b.R",
    fields: [
      { name: "one", type: { type: "enum", name: "E", symbols: ["X"] } },
      { name: "two", type: "a.b.E" },
      { name: "three", type: { type: "E" } },
      { name: "four", type: { type: { type: "string" } } },
    ],
  };
  const datum = { one: "X", two: "X", three: "X", four: "y" };
  expect(transported(datum, schema)).toStrictEqual(datum);
});

test("a logical type that does not fit its type is ignored, as the specification asks", () => {
  expect(transported(5, { type: "int", logicalType: "json" })).toBe(5);
  expect(transported("x", { type: "string", logicalType: "no-such" })).toBe("x");
});

test("the key is that of the text", () => {
  expect(writerSchema('"int"').key).toBe(writerSchema('"int"').key);
  expect(writerSchema('"int"').key).not.toBe(writerSchema('"long"').key);
});

test("fingerprints are those of the specification", () => {
  // Known values of CRC-64-AVRO: of the empty text, and of the canonical form "int".
  expect(rabinFingerprint(Buffer.alloc(0)).toString(16)).toBe("c15d213aa4d7a795");
  expect(schemaOf("int").fingerprint.toString(16)).toBe("7275d51a3f395c8f");
  expect(schemaOf({ type: "int", doc: "no part of the canonical form" }).fingerprint).toBe(
    schemaOf("int").fingerprint,
  );
});

test("the published schema of export events loads", () => {
  const file = new URL("../../schemas/launchdarkly/export-event.avsc", import.meta.url);
  expect(load(readFileSync(file, "utf8")).type.typeName).toBe("record");
});
