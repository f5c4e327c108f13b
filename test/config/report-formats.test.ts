import { expect, test } from "vitest";

import type { Problem } from "../../src/config/problem.ts";
import { formatProblems } from "../../src/config/report.ts";

const problem: Problem = {
  file: "pipelines/a b.yaml",
  line: 3,
  col: 5,
  endLine: 3,
  endCol: 9,
  code: "unknown-key",
  message: "100% wrong: a, b\nand c",
  suggestion: "name",
  path: "/nam",
};
const ofOption: Problem = { ...problem, file: "--from", line: 0, col: 0, endLine: 0, endCol: 0 };

test("github: an annotation a problem, with everything escaped that the format means otherwise", () => {
  expect(formatProblems([problem, ofOption], { format: "github" })).toBe(
    [
      "::error file=pipelines/a b.yaml,line=3,endLine=3,col=5,endColumn=9,title=unknown-key::100%25 wrong: a, b%0Aand c (did you mean name?)",
      "::error file=--from,title=unknown-key::100%25 wrong: a, b%0Aand c (did you mean name?)",
    ].join("\n"),
  );
  expect(formatProblems([{ ...problem, file: "a,b:c" }], { format: "github" })).toContain("file=a%2Cb%3Ac,");
});

test("sarif: one run with a rule for each code and a result for each problem", () => {
  const log = JSON.parse(formatProblems([problem, ofOption], { format: "sarif" }));
  expect(log.version).toBe("2.1.0");
  const [run] = log.runs;
  expect(run.tool.driver.rules).toMatchObject([{ id: "unknown-key", help: { text: expect.any(String) } }]);
  expect(run.results).toEqual([
    {
      ruleId: "unknown-key",
      ruleIndex: 0,
      level: "error",
      message: { text: "100% wrong: a, b\nand c (did you mean name?)" },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: "pipelines/a%20b.yaml" },
            region: { startLine: 3, startColumn: 5, endLine: 3, endColumn: 9 },
          },
        },
      ],
    },
    expect.objectContaining({ locations: [] }),
  ]);
});

test("no problem is no line for github, and an empty run for sarif", () => {
  expect(formatProblems([], { format: "github" })).toBe("");
  expect(JSON.parse(formatProblems([], { format: "sarif" })).runs[0].results).toEqual([]);
});
