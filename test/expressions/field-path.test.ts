import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  Blocked,
  changePath,
  EVERY,
  isPath,
  parsePath,
  readPath,
  REMOVED,
  writePath,
} from "../../src/expressions/field-path.ts";
import { scopeOf } from "../../src/expressions/scope.ts";

const { fields } = scopeOf("export-event", { repeatable: true });
const parse = (text: string, more: object = {}) => parsePath(text, { fields, mustBeKnown: true, ...more });
const problem = (text: string, more: object = {}) => {
  const parsed = parse(text, more);
  return isPath(parsed) ? "none" : `${parsed.at + 1} ${parsed.message}`;
};

describe("a path that is refused, with its place", () => {
  test.each([
    ["", "1 a path begins with a name, such as event.key"],
    [".event", "1 a path begins with a name, such as event.key"],
    ["evnt.key", "1 unknown field evnt, did you mean event?"],
    ["event.", '6 a path goes on with .name or ["name"]'],
    ["event..key", '6 a path goes on with .name or ["name"]'],
    ["event[0]", '6 a path goes on with .name or ["name"]'],
    ["event['key']", '6 a path goes on with .name or ["name"]'],
    ['event["a', '6 a path goes on with .name or ["name"]'],
    ["event.keyy", '7 unknown field keyy, did you mean key? (["keyy"] is taken as it is)'],
    ["event.data.__proto__.x", "12 this name is not taken"],
    ['event["constructor"]', "6 this name is not taken"],
    ["event.data.prototype", "12 this name is not taken"],
    ["event.data.*", "11 * stands for many fields; one is needed here"],
    [`event${".a".repeat(20)}`, "36 at most 16 names are taken"],
    ["event.data.".padEnd(301, "a"), "1 301 characters, at most 300 are taken"],
  ])("%.40s", (text, expected) => {
    expect(problem(text)).toBe(expected);
  });
});

test("a field that is not known is taken in brackets, and where a field is made", () => {
  expect(problem('event["keyy"]')).toBe("none");
  expect(problem("event.team", { mustBeKnown: false })).toBe("none");
  expect(parse('event["a.b"].*', { wildcards: true })).toMatchObject({ steps: ["event", "a.b", EVERY] });
});

describe("changing", () => {
  test("copies the way down and shares the rest; the old value stays as it is", () => {
    const old = Object.freeze({ a: Object.freeze({ b: 1 }), c: Object.freeze({ d: 2 }) });
    const changed = writePath(old, ["a", "x", "y"], 3);
    expect(changed).toEqual({ a: { b: 1, x: { y: 3 } }, c: { d: 2 } });
    expect(changed["c"]).toBe(old.c);
    expect(old).toEqual({ a: { b: 1 }, c: { d: 2 } });
  });

  test("refuses to write into a text or a list", () => {
    expect(() => writePath({ a: "text" }, ["a", "b"], 1)).toThrow(new Blocked("a is a string"));
    expect(() => writePath({ a: [1] }, ["a", "b"], 1)).toThrow(new Blocked("a is a list"));
  });

  test("of every member and element, and gives the same object when nothing changed", () => {
    const old = { people: [{ email: "a", id: 1 }, { email: "b" }, "text"], other: {} };
    const change = (value: unknown) => `${String(value)}!`;
    expect(changePath(old, ["people", EVERY, "email"], change)).toEqual({
      people: [{ email: "a!", id: 1 }, { email: "b!" }, "text"],
      other: {},
    });
    expect(changePath(old, ["people", EVERY], () => REMOVED)).toEqual({ people: [], other: {} });
    expect(changePath(old, ["nothing", "here"], change)).toBe(old);
    expect(changePath(old, ["people", EVERY, "email"], (value) => value)).toBe(old);
  });

  test("reads own members only", () => {
    expect(readPath({}, ["toString"])).toBeUndefined();
    expect(readPath("text", ["length"])).toBeUndefined();
  });
});

const name = fc.constantFrom("a", "b", "c", "toString", "length", "x y");
const json = fc.dictionary(name, fc.jsonValue({ maxDepth: 3 }));
const steps = fc.array(name, { minLength: 1, maxLength: 4 });

describe("property:", () => {
  test("what was written is read, and everything else is as it was", () => {
    fc.assert(
      fc.property(json, steps, fc.jsonValue(), (root, path, value) => {
        const before = JSON.stringify(root);
        try {
          const written = writePath(root, path, value);
          expect(readPath(written, path)).toEqual(value);
          expect(changePath(written, path, () => REMOVED)).toEqual(
            changePath(writePath(root, path, null), path, () => REMOVED),
          );
        } catch (error) {
          if (!(error instanceof Blocked)) throw error;
        }
        expect(JSON.stringify(root)).toBe(before);
      }),
    );
  });

  test("a rename there and back gives the same members", () => {
    fc.assert(
      fc.property(json, fc.jsonValue(), (root, value) => {
        const start = writePath(root, ["from here"], value);
        const there = writePath(
          changePath(start, ["from here"], () => REMOVED),
          ["to here"],
          readPath(start, ["from here"]),
        );
        const back = writePath(
          changePath(there, ["to here"], () => REMOVED),
          ["from here"],
          readPath(there, ["to here"]),
        );
        expect(back).toEqual(start);
      }),
    );
  });
});
