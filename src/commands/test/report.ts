// Results for people, for build servers and for programs.

import { styleText } from "node:util";

import type { CaseResult, FileResult, PlacedDifference } from "./run-file.ts";
import { junitReport } from "./report-junit.ts";

export const testFormats = ["text", "junit", "json"] as const;
export type TestFormat = (typeof testFormats)[number];

export type FileCases = Extract<FileResult, { readonly cases: unknown }> & { readonly file: string };

const MOST_SHOWN = 20;
const MOST_REASONS = 5;
const MOST_CHARACTERS = 300;
const AROUND = 40;
/** Two texts up to this long are shown in full. */
const SHORT_TEXT = 100;

/** Ends without a line break. Files that are not valid are reported by `formatProblems`. */
export function reportTests(files: readonly FileCases[], format: TestFormat, color: boolean): string {
  if (format === "junit") return junitReport(files);
  if (format === "json") return jsonReport(files);
  return files.flatMap(({ file, cases }) => cases.map((one) => caseText(file, one, color))).join("\n");
}

function caseText(file: string, one: CaseResult, color: boolean): string {
  const paint: Paint = (style, text) => (color ? styleText(style, text, { validateStream: false }) : text);
  if (one.differences.length === 0) return `${paint("green", "ok  ")} ${file}: ${one.name}`;
  const head = `${paint("red", "FAIL")} ${file}:${one.at.line}:${one.at.col}: ${paint("bold", one.name)}`;
  return [head, ...differenceLines(file, one, paint).map((line) => `     ${line}`)].join("\n");
}

type Paint = (style: "green" | "red" | "bold" | "dim", text: string) => string;

/** One block for each difference: where, what was expected (-), what came (+). */
export function differenceLines(file: string, one: CaseResult, paint: Paint = (_, text) => text): string[] {
  const shown = one.differences.slice(0, MOST_SHOWN);
  const more = one.differences.length - shown.length;
  return [
    ...shown.flatMap((difference) => blockOf(file, difference, paint)),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...one.outcome.reasons.slice(0, MOST_REASONS).map((reason) => paint("dim", `dead letter ${reason}`)),
  ];
}

function blockOf(file: string, difference: PlacedDifference, paint: Paint): string[] {
  const { kind, want, got, at } = difference;
  if (kind === "failed") return [`the run failed: ${String(got)}`];
  const head = `${pathText(difference.path)}  ${paint("dim", `${file}:${at.line}:${at.col}`)}`;
  if (kind === "missing") return [head, paint("red", `  - ${show(want)}`), `  + nothing`];
  if (kind === "unexpected") return [head, `  - nothing`, paint("green", `  + ${show(got)}`)];
  if (typeof want === "string" && typeof got === "string" && Math.max(want.length, got.length) > SHORT_TEXT)
    return [head, ...longTexts(want, got, paint)];
  return [head, paint("red", `  - ${show(want)}`), paint("green", `  + ${show(got)}`)];
}

/** Two long texts from a little before the first character that differs. */
function longTexts(want: string, got: string, paint: Paint): string[] {
  let first = 0;
  while (first < want.length && want[first] === got[first]) first += 1;
  const start = Math.max(0, first - AROUND);
  const piece = (text: string) => {
    const end = Math.min(text.length, first + AROUND);
    return `${start > 0 ? "…" : ""}${JSON.stringify(text.slice(start, end))}${end < text.length ? "…" : ""}`;
  };
  return [
    `  from character ${first + 1} on (${want.length} expected, ${got.length} came)`,
    paint("red", `  - ${piece(want)}`),
    paint("green", `  + ${piece(got)}`),
  ];
}

/** `events[0].properties.team`, `properties["device id"]`. */
export function pathText(path: readonly (string | number)[]): string {
  return path
    .map((part, i) => {
      if (typeof part === "number") return `[${part}]`;
      if (/^[A-Za-z_][\w-]*$/.test(part)) return i === 0 ? part : `.${part}`;
      return `[${JSON.stringify(part)}]`;
    })
    .join("");
}

export function show(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}…`;
}

function jsonReport(files: readonly FileCases[]): string {
  const plain = files.map(({ file, pipeline, cases }) => ({
    ...{ file, pipeline },
    cases: cases.map(({ name, at, differences, tookMs, outcome }) => ({
      ...{ name, line: at.line, passed: differences.length === 0, tookMs: Math.round(tookMs) },
      differences: differences.map(({ path, kind, want, got, at: place }) => ({
        ...{ path: pathText(path), kind, expected: want, got, line: place.line, col: place.col },
      })),
      deadLetters: outcome.reasons,
    })),
  }));
  return JSON.stringify({ files: plain }, null, 2);
}
