// Problems for code scanning (OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0").

import type { Problem } from "./problem.ts";
import { meaningOf } from "./stage-problem-codes.ts";

export function sarifLog(problems: readonly Problem[]): string {
  const codes = [...new Set(problems.map(({ code }) => code))];
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "sluice", rules: codes.map(rule) } },
        columnKind: "utf16CodeUnits",
        results: problems.map((problem) => result(problem, codes.indexOf(problem.code))),
      },
    ],
  };
  return JSON.stringify(log, null, 2);
}

function rule(code: string): object {
  const meaning = meaningOf(code);
  if (!meaning) return { id: code };
  return { id: code, shortDescription: { text: meaning.meaning }, help: { text: meaning.fix } };
}

function result(problem: Problem, ruleIndex: number): object {
  const { file, line, col, endLine, endCol, code, message, suggestion } = problem;
  const guess = suggestion === undefined ? "" : ` (did you mean ${suggestion}?)`;
  const region =
    line > 0
      ? { region: { startLine: line, startColumn: col, endLine, endColumn: Math.max(endCol, 1) } }
      : {};
  const uri = file.replaceAll("\\", "/").split("/").map(encodeURIComponent).join("/");
  return {
    ruleId: code,
    ruleIndex,
    level: problem.severity ?? "error",
    message: { text: `${message}${guess}` },
    // Without a file, as in an option of the command line, there is no place to point at.
    locations: line > 0 ? [{ physicalLocation: { artifactLocation: { uri }, ...region } }] : [],
  };
}
