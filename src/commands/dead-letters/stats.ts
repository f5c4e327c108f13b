import Table from "cli-table3";

import type { ViewOptions } from "../dead-letters.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { number } from "../summary.ts";
import { openLetters } from "./open-letters.ts";
import { print } from "./output.ts";
import { shortText } from "./plain-text.ts";
import type { FoundLetter } from "./read-letters.ts";

interface Group {
  readonly code: string;
  readonly stage: string;
  /** Undefined: it failed before it was known who gets it. */
  readonly destination?: string | undefined;
  /** Lines, repetitions included. */
  letters: number;
  /** Waiting for a redrive. */
  open: number;
  first: string;
  last: string;
}

/** By code, stage and destination; the largest first. */
export async function letterStats(options: ViewOptions): Promise<ExitCode> {
  const opened = await openLetters(options);
  if (!opened) return exitCode.invalidInput;
  const groups = await group(opened.letters);
  if (options.json ?? !process.stdout.isTTY) {
    for (const one of groups) await print(`${JSON.stringify(one)}\n`);
    return exitCode.done;
  }
  const files = `${number(opened.segments.length)} ${opened.segments.length === 1 ? "file" : "files"}`;
  process.stdout.write(groups.length === 0 ? `no letters in ${files}\n` : `${table(groups)}\n`);
  return exitCode.done;
}

export async function group(letters: AsyncIterable<FoundLetter>): Promise<Group[]> {
  const groups = new Map<string, Group>();
  for await (const { letter, state } of letters) {
    const { code, stage, destination, failedAt } = letter;
    const key = JSON.stringify([code, stage, destination]);
    const known = groups.get(key);
    const one = known ?? { code, stage, destination, letters: 0, open: 0, first: failedAt, last: failedAt };
    if (!known) groups.set(key, one);
    one.letters += 1;
    if (state === "open") one.open += 1;
    // ISO 8601 in UTC sorts as text.
    if (failedAt < one.first) one.first = failedAt;
    if (failedAt > one.last) one.last = failedAt;
  }
  return [...groups.values()].sort((a, b) => b.letters - a.letters || (a.code < b.code ? -1 : 1));
}

function table(groups: readonly Group[]): string {
  const rows = new Table({
    head: ["code", "stage", "destination", "letters", "open", "first", "last"],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", "left", "left", "right", "right", "left", "left"],
  });
  for (const { code, stage, destination = "", letters, open, first, last } of groups) {
    const names = [code, stage, destination].map((text) => shortText(text, 64));
    rows.push([...names, number(letters), number(open), shortText(first, 24), shortText(last, 24)]);
  }
  const sum = (of: (one: Group) => number) => number(groups.reduce((total, one) => total + of(one), 0));
  rows.push(["all", "", "", sum(({ letters }) => letters), sum(({ open }) => open), "", ""]);
  return rows.toString();
}
