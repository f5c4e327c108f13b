// Problems for people and for programs.

import { styleText } from "node:util";

import { problemLine } from "./problem.ts";
import type { Problem } from "./problem.ts";
import { meaningOf } from "./stage-problem-codes.ts";
import { githubAnnotation } from "./report-github.ts";
import { sarifLog } from "./report-sarif.ts";
import type { Sources } from "./sources.ts";

export const reportFormats = ["text", "json", "github", "sarif"] as const;
export type ReportFormat = (typeof reportFormats)[number];

export interface ReportOptions {
  readonly format: ReportFormat;
  /** Terminal colours. */
  readonly color?: boolean;
  /** Shows the line under each problem, with a caret. Text format only. */
  readonly sources?: Pick<Sources, "line">;
}

/**
 * Text: a line per problem, `file:line:col code message (did you mean …?)`, then the place and the fix when
 * `sources` is given. JSON: `{"problems": [Problem…]}`. GitHub: annotations of a workflow. SARIF: version 2.1.0.
 * Ends without a line break.
 */
export function formatProblems(problems: readonly Problem[], options: ReportOptions): string {
  if (options.format === "json") return JSON.stringify({ problems }, null, 2);
  if (options.format === "github") return problems.map(githubAnnotation).join("\n");
  if (options.format === "sarif") return sarifLog(problems);
  return problems.map((problem) => textOf(problem, options)).join("\n");
}

function textOf(problem: Problem, { color: isColored = false, sources }: ReportOptions): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    isColored ? styleText(style, text, { validateStream: false }) : text;
  const line = problemLine(problem);
  const place = line.slice(0, line.indexOf(` ${problem.code} `));
  const rest = line.slice(place.length + problem.code.length + 2);
  const color = problem.severity === "warning" ? "yellow" : "red";
  const head = `${paint("bold", place)} ${paint(color, problem.code)} ${rest}`;
  const source = sources?.line(problem.file, problem.line);
  if (!sources) return head;
  const view = source === undefined ? [] : caretView(problem, source, paint);
  const meaning = meaningOf(problem.code);
  const fix = meaning ? [`  ${paint("dim", `fix: ${meaning.fix}`)}`] : [];
  return [head, ...view, ...fix, ""].join("\n");
}

type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;

function caretView(problem: Problem, source: string, paint: Paint): string[] {
  const number = String(problem.line);
  const gutter = " ".repeat(number.length);
  const end = problem.endLine === problem.line ? problem.endCol : source.length + 1;
  const width = Math.max(1, Math.min(end, source.length + 1) - problem.col);
  // Tabs stay tabs, so that the caret stands where the terminal puts the text.
  const indent = source.slice(0, problem.col - 1).replaceAll(/[^\t]/g, " ");
  return [
    `  ${paint("dim", `${number} |`)} ${printable(source)}`,
    `  ${paint("dim", `${gutter} |`)} ${indent}${paint(problem.severity === "warning" ? "yellow" : "red", "^".repeat(width))}`,
  ];
}

/** A definition is text by anyone: no escape sequence of it reaches the terminal. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out here.
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd");
}
