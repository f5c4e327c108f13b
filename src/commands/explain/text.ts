import { styleText } from "node:util";

import type { Page } from "./pages.ts";

const WIDTH = 88;
const INDENT = 6;

/** What, why and fix, each wrapped beside its name. */
export function pageText({ code, where, what, why, fix }: Page, color: boolean): string {
  const bold = (text: string) => (color ? styleText("bold", text, { validateStream: false }) : text);
  const parts = [
    ["What", what],
    ["Why", why],
    ["Fix", fix],
  ] as const;
  return [
    `${bold(code)}  ${where}`,
    ...parts.map(([name, text]) => `${bold(name.padEnd(INDENT))}${wrap(text)}`),
  ].join("\n");
}

/** One line a code, by where it appears. */
export function listText(pages: readonly Page[]): string {
  const groups = new Map<string, string[]>();
  for (const { where, code } of pages) {
    const codes = groups.get(where) ?? [];
    groups.set(where, [...codes, code]);
  }
  return [...groups]
    .map(([where, codes]) => `${where}\n${codes.map((code) => `  ${code}`).join("\n")}`)
    .join("\n");
}

function wrap(text: string): string {
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1)!;
    if (last !== "" && last.length + 1 + word.length > WIDTH - INDENT) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines.join(`\n${" ".repeat(INDENT)}`);
}
