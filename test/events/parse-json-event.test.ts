import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";

import { findMistake } from "../../src/events/json-mistake.ts";
import { MAX_EVENT_BYTES, MAX_EVENT_DEPTH, parseJsonEvent } from "../../src/events/parse-json-event.ts";
import { DataError } from "../../src/engine/errors.ts";
import { codeOf } from "../support/avro.ts";
import { fuzzRuns, fuzzTimeoutMs } from "../support/avro-arbitraries.ts";

vi.setConfig({ testTimeout: fuzzTimeoutMs });

const parse = (text: string) => parseJsonEvent(Buffer.from(text));
const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;

describe("what is no event", () => {
  test.each([
    ["json-invalid", ""],
    ["json-invalid", "{"],
    ["json-invalid", '{"a":1,}'],
    ["json-invalid", '{"a":1}{"a":2}'],
    ["json-invalid", "{'a':1}"],
    ["json-invalid", '{"a":NaN}'],
    ["json-invalid", '{"a":"\u0001"}'],
    ["json-not-an-object", "[]"],
    ["json-not-an-object", "null"],
    ["json-not-an-object", '"text"'],
    ["json-not-an-object", "5"],
    ["json-too-deep", nested(MAX_EVENT_DEPTH + 1)],
    ["json-too-deep", nested(1_000_000)],
    ["json-too-deep", "[".repeat(1_000_000)],
    ["json-too-large", " ".repeat(MAX_EVENT_BYTES + 1)],
  ])("%s: %.20j", (code, text) => {
    expect(codeOf(() => parse(text))).toBe(code);
  });

  test("the message tells the position, and nothing of the content", () => {
    expect(() => parse('{"secret":hunter2}')).toThrow(
      new DataError("json-invalid", "The event is not JSON: mistake at character 10."),
    );
    expect(() => parse('{"secret":"hunter2"')).toThrow("it ends too early, at character 19");
    expect(() => parse(nested(65))).toThrow("nested deeper than 64 at character 320");
  });

  test("bytes that are not UTF-8 are refused, with their position", () => {
    const bytes = Buffer.concat([Buffer.from('{"ä":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect(() => parseJsonEvent(bytes)).toThrow("not UTF-8 at byte 7");
  });
});

test("depth is counted in brackets that nest, not in all of them", () => {
  const wide = `{"a":[${Array.from({ length: 500 }, () => "[{}]").join()}]}`;
  expect(parse(wide)).toStrictEqual(JSON.parse(wide));
  expect(parse(nested(MAX_EVENT_DEPTH))).toStrictEqual(JSON.parse(nested(MAX_EVENT_DEPTH)));
  expect(parse(`{"a":"${"[".repeat(500)}"}`)).toStrictEqual({ a: "[".repeat(500) });
});

test("keys named __proto__ are dropped wherever they are and however they are written", () => {
  const event = parse('{"a":{"__proto__":{"x":1},"b":[{"\\u005f_proto__":2}]},"__proto__":null}');
  expect(event).toStrictEqual({ a: { b: [{}] } });
  expect(Object.hasOwn(event, "__proto__")).toBe(false);
});

test("a byte order mark and any Uint8Array are taken", () => {
  expect(parse('\ufeff{"a":1}')).toStrictEqual({ a: 1 });
  expect(parseJsonEvent(new Uint8Array(new TextEncoder().encode('{"a":"\ufffd"}')))).toStrictEqual({
    a: "\ufffd",
  });
});

test("gives what JSON.parse gives", () => {
  const objects = fc
    .dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 }))
    .filter((value) => !("__proto__" in value && Object.hasOwn(value, "__proto__")));
  fc.assert(
    fc.property(objects, (value) => {
      const text = JSON.stringify(value);
      if (text.includes("__proto__")) return;
      expect(parse(text)).toStrictEqual(JSON.parse(text));
    }),
    { numRuns: fuzzRuns },
  );
});

test("finds a mistake exactly in what JSON.parse refuses", () => {
  const edits = fc.array(
    fc.record({ at: fc.nat(200), char: fc.constantFrom(...'{}[],:"\\ue0159.+-tn \n\u0001') }),
    { maxLength: 3 },
  );
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), edits, (json, changes) => {
      let text = json;
      for (const { at, char } of changes)
        text = text.slice(0, at % (text.length + 1)) + char + text.slice((at % (text.length + 1)) + (at % 2));
      expect(findMistake(text, 1_000) === undefined).toBe(isJson(text));
    }),
    { numRuns: fuzzRuns * 2 },
  );
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
