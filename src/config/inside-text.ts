// A place inside a text of a YAML file -> line and column of the file, for the styles in which the text stands
// there as it is. Where it does not (folded lines, escapes), the place of the whole text is good enough: the
// message says the rest.

import type { Span } from "./positions.ts";

/** `whole` is where `value` stands in `file`; `offset` counts UTF-16 units of `value` from 0. */
export function insideText(file: string, value: unknown, whole: Span, offset: number): Span {
  if (typeof value !== "string") return whole;
  const lines = file.split(/\r\n|\r|\n/);
  const before = value.slice(0, offset).split("\n");
  const column = before.at(-1)!.length;
  const wanted = value.split("\n")[before.length - 1]!;
  const isBlock = /^[|]/.test((lines[whole.line - 1] ?? "").slice(whole.col - 1));
  const line = whole.line + before.length - (isBlock ? 0 : 1);
  if (line > whole.endLine || (!isBlock && value.includes("\n"))) return whole;
  const from = line === whole.line ? whole.col - 1 : 0;
  const start = (lines[line - 1] ?? "").indexOf(wanted, from);
  if (wanted === "" || start === -1) return whole;
  const col = start + column + 1;
  return { line, col, endLine: line, endCol: col + 1 };
}
