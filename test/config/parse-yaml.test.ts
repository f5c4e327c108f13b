import { describe, expect, test } from "vitest";

import { parseYaml } from "../../src/config/parse-yaml.ts";

function says(source: string, limits?: Parameters<typeof parseYaml>[1]): string[] {
  const { positions, problems } = parseYaml(source, limits);
  return problems.map(({ code, message, start, end }) => {
    const { line, col } = positions.span([start, end]);
    return `${line}:${col} ${code} ${message}`;
  });
}

const small = { depth: 8, aliases: 5, nodes: 50 };

describe("limits", () => {
  test.each([
    ["flow lists", "[".repeat(500_000)],
    ["flow maps", "{a: ".repeat(200_000)],
    ["lists on one line", "- ".repeat(400_000)],
    ["explicit keys", "? ".repeat(400_000)],
    ["empty keys", ": ".repeat(400_000)],
    ["indented maps", Array.from({ length: 1_000 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
  ])("stop deep nesting of %s before it is read", (_, source) => {
    expect(says(source)).toEqual([expect.stringMatching(/^\d+:\d+ too-deep nested deeper than 64 levels$/)]);
  });

  test("count levels exactly", () => {
    const nested = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
    expect(says(nested(8), small)).toEqual([]);
    expect(says(`[${nested(9)}]`, small)).toEqual(["1:10 too-deep nested deeper than 8 levels"]);
  });

  test("stop a billion laughs", () => {
    const levels = "abcdefghi".split("");
    const lol = levels.map((name, i) =>
      i === 0 ? `${name}: &${name} [lol]` : `${name}: &${name} [${`*${levels[i - 1]}, `.repeat(9)}]`,
    );
    expect(says(lol.join("\n"))).toEqual([
      expect.stringMatching(/^3:\d+ too-many-aliases more than 100 aliases$/),
    ]);
  });

  test("count values", () => {
    expect(says(`[${"a,".repeat(60)}]`, small)).toEqual(["1:100 too-many-aliases more than 50 values"]);
  });

  test.each([
    ["itself", "a: &a [*a]", 8],
    ["a map that holds it", "a: &a {b: {c: *a}}", 15],
  ])("stop an alias that holds %s", (_, source, col) => {
    expect(says(source)).toEqual([`1:${col} too-many-aliases this alias holds itself`]);
  });

  test.each([
    ["a hundred thousand errors", "]".repeat(100_000)],
    ["a hundred thousand equal keys", "a: 1\n".repeat(100_000)],
    ["many documents", "---\n".repeat(100_000)],
    ["many anchors", "&a ".repeat(100_000)],
    ["many aliases", `a: &a 1\nb: [${"*a,".repeat(100_000)}]`],
  ])("keep what is said about %s short", (_, source) => {
    expect(says(source).length).toBeLessThanOrEqual(1_000);
  });
});

describe("values", () => {
  test("are those of YAML 1.2", () => {
    const source =
      "[yes, no, on, off, ~, null, true, 0o17, 017, 0x1F, 1_000, 1e3, 2026-01-01, 12:30:45, .inf]";
    const values = ["yes", "no", "on", "off", null, null, true, 15, 17, 31, "1_000", 1000];
    expect(parseYaml(source).value).toEqual([...values, "2026-01-01", "12:30:45", Number.POSITIVE_INFINITY]);
  });

  test("have keys as they were written", () => {
    expect(parseYaml("{1: a, true: b, 1.0: c, 0x10: d, null : e}").value).toBeUndefined();
    expect(parseYaml("{1: a, true: b, 1.0: c, 0x10: d}").value).toEqual({
      "1": "a",
      true: "b",
      "1.0": "c",
      "0x10": "d",
    });
  });

  test("with the key __proto__ have it as a key like any other", () => {
    const value = parseYaml("__proto__: {polluted: yes}").value as object;
    expect(Object.keys(value)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect("polluted" in {}).toBe(false);
  });

  test("of the first of two equal keys count", () => {
    const { value, problems } = parseYaml("a: 1\nb: 2\na: 3");
    expect(value).toEqual({ a: 1, b: 2 });
    expect(problems).toHaveLength(1);
  });
});

describe("positions", () => {
  test("are those of keys, values and what is around them", () => {
    const { positions } = parseYaml("a:\n  - b: 1\n    c:\n  - 'xy'\n");
    expect(positions.key("/a/0/b")).toEqual({ line: 2, col: 5, endLine: 2, endCol: 6 });
    expect(positions.value("/a/0/b")).toEqual({ line: 2, col: 8, endLine: 2, endCol: 9 });
    expect(positions.value("/a/0/c")).toEqual({ line: 3, col: 5, endLine: 3, endCol: 6 });
    expect(positions.value("/a/1")).toEqual({ line: 4, col: 5, endLine: 4, endCol: 9 });
    expect(positions.value("/a/0/none/at/all")).toMatchObject({ line: 2, col: 5 });
    expect(positions.value("")).toMatchObject({ line: 1, col: 1 });
  });

  test("count lines as editors do, whatever ends them", () => {
    const { positions } = parseYaml("a: 1\r\nb: 2\r\n");
    expect(positions.value("/b")).toMatchObject({ line: 2, col: 4 });
  });
});

test("aliases are counted before the library walks the file for each, and texts are none", () => {
  const { problems } = parseYaml(`a: &a 1\nb: [${"*a,".repeat(100_000)}]`);
  expect(problems).toMatchObject([
    { code: "too-many-aliases", message: "more than 1000 aliases are written" },
  ]);
  expect(parseYaml(`a: [${'"*a",'.repeat(2_000)}]\nb: |\n${"  *a\n".repeat(2_000)}`).problems).toEqual([]);
});
