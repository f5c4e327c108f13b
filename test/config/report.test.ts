import { expect, test } from "vitest";

import { problemCodes } from "../../src/config/codes.ts";
import { formatProblems } from "../../src/config/report.ts";
import { inOrder } from "../../src/config/problem.ts";
import type { Problem } from "../../src/config/problem.ts";
import { load, pipelineText } from "../support/definitions.ts";

async function broken(text: string) {
  const result = await load({ text });
  if (!("problems" in result)) throw new Error("it is right");
  return result;
}

test("text without sources is a line for each problem", async () => {
  const { problems } = await broken(pipelineText({ 1: "nam: demo", 6: "  - type: decoed" }));
  expect(formatProblems(problems, { format: "text" })).toBe(
    [
      '/p/demo.yaml:1:1 unknown-key the pipeline has no key "nam" (did you mean name?)',
      '/p/demo.yaml:6:11 unknown-stage there is no transform "decoed" (did you mean decode?)',
    ].join("\n"),
  );
});

test("text with sources shows the place and the fix", async () => {
  const { problems, sources } = await broken(pipelineText({ 6: "  - type: decoed" }));
  expect(formatProblems(problems, { format: "text", sources })).toBe(
    [
      '/p/demo.yaml:6:11 unknown-stage there is no transform "decoed" (did you mean decode?)',
      "  6 |   - type: decoed",
      "    |           ^^^^^^",
      `  fix: ${problemCodes["unknown-stage"].fix}`,
      "",
    ].join("\n"),
  );
});

test("a caret stands under a problem behind a tab, and at the end of a longer stretch's first line", async () => {
  const { problems, sources } = await broken(pipelineText({ 12: "  directory:\t[x,\n    y]" }));
  const lines = formatProblems(problems, { format: "text", sources }).split("\n");
  expect(lines.slice(1, 3)).toEqual(["  12 |   directory:\t[x,", "     |             \t^^^"]);
});

test("colour is only added where it is asked for", async () => {
  const { problems } = await broken(pipelineText({ 1: "" }));
  expect(formatProblems(problems, { format: "text" })).not.toContain("\u001b");
  expect(formatProblems(problems, { format: "text", color: true })).toContain(
    "\u001b[31mmissing-key\u001b[39m",
  );
});

test("no escape sequence of a file reaches the terminal", async () => {
  const { problems, sources } = await broken(pipelineText({ 1: 'name: "\\e]0;x\\a" # \u001b]0;evil\u0007' }));
  const shown = formatProblems(problems, { format: "text", sources });
  expect(shown).not.toContain("\u001b");
  expect(shown).not.toContain("\u0007");
});

test("a line with a secret in it is not shown", async () => {
  const { problems, sources } = await broken(pipelineText({ 9: "  type: send\n  token: abc" }));
  expect(formatProblems(problems, { format: "text", sources })).not.toContain("abc");
});

test("JSON holds every problem in full", async () => {
  const { problems } = await broken(pipelineText({ 1: "" }));
  expect(JSON.parse(formatProblems(problems, { format: "json" }))).toEqual({
    problems: [
      {
        file: "/p/demo.yaml",
        line: 1,
        col: 1,
        endLine: 11,
        endCol: 18,
        code: "missing-key",
        message: 'the pipeline needs the key "name": Names the pipeline in logs, metrics and dead letters',
        path: "",
      },
    ],
  });
});

test("problems are sorted by place, in the order of their files, each once", () => {
  const problem = (file: string, line: number, col: number, code = "a"): Problem => ({
    file,
    line,
    col,
    endLine: line,
    endCol: col,
    code,
    message: "m",
    path: "",
  });
  const mixed = [
    problem("b", 2, 1),
    problem("a", 1, 1),
    problem("b", 1, 9),
    problem("b", 1, 2, "z"),
    problem("b", 1, 2),
    problem("a", 1, 1),
  ];
  expect(inOrder(mixed).map(({ file, line, col, code }) => `${file}${line}:${col}${code}`)).toEqual([
    "b1:2a",
    "b1:2z",
    "b1:9a",
    "b2:1a",
    "a1:1a",
  ]);
});

test("every code is in kebab-case and has a meaning and a fix in whole sentences", () => {
  for (const [code, { meaning, fix }] of Object.entries(problemCodes)) {
    expect(code).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
    expect([code, meaning]).toEqual([code, expect.stringMatching(/^\S.*\.$/)]);
    expect([code, fix]).toEqual([code, expect.stringMatching(/^\S.*\.$/)]);
  }
});
