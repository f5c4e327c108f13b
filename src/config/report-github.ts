// One line a problem that GitHub Actions shows beside the changed line (GitHub docs, "Workflow commands for
// GitHub Actions", on setting an error message).

import type { Problem } from "./problem.ts";

export function githubAnnotation(problem: Problem): string {
  const { file, line, col, endLine, endCol, code, message, suggestion } = problem;
  const place =
    line > 0 ? { file, line, endLine, col, ...(endLine === line ? { endColumn: endCol } : {}) } : { file };
  const properties = Object.entries({ ...place, title: code }).map(
    ([name, value]) => `${name}=${property(String(value))}`,
  );
  const guess = suggestion === undefined ? "" : ` (did you mean ${suggestion}?)`;
  return `::${problem.severity ?? "error"} ${properties.join(",")}::${data(`${message}${guess}`)}`;
}

function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
