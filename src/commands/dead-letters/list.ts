import Table from "cli-table3";

import type { ListOptions } from "../dead-letters.ts";
import { exitCode, type ExitCode, UsageError } from "../exit-code.ts";
import { number } from "../summary.ts";
import { openLetters } from "./open-letters.ts";
import { print } from "./output.ts";
import { shortText } from "./plain-text.ts";
import type { FoundLetter } from "./read-letters.ts";

const SHOWN_CHARACTERS = { id: 32, message: 60 };

/** A table of the newest on a terminal; NDJSON of all otherwise. */
export async function listLetters(options: ListOptions): Promise<ExitCode> {
  if (!Number.isInteger(options.limit) || options.limit < 1)
    throw new UsageError(`--limit takes a whole number above 0, not ${options.limit}`);
  const opened = await openLetters(options);
  if (!opened) return exitCode.invalidInput;
  if (options.json ?? !process.stdout.isTTY) {
    for await (const found of opened.letters)
      if (options.all || found.state === "open") await print(`${JSON.stringify(asRow(found))}\n`);
    return exitCode.done;
  }
  const newest: FoundLetter[] = [];
  let hidden = 0;
  let total = 0;
  for await (const found of opened.letters) {
    if (!options.all && found.state !== "open") {
      hidden += 1;
      continue;
    }
    total += 1;
    newest.push(found);
    if (newest.length > options.limit) newest.shift();
  }
  if (total > 0) process.stdout.write(`${table(newest, options.all)}\n`);
  process.stdout.write(`${footer({ total, shown: newest.length, hidden })}\n`);
  return exitCode.done;
}

/** The letter without its body, which `show` has. */
function asRow({ segment, line, letter, state }: FoundLetter): object {
  const { body, writerSchema: _, ...rest } = letter;
  return { place: `${segment.name}:${line}`, state, ...rest, bodyBytes: Buffer.byteLength(body, "base64") };
}

function table(letters: readonly FoundLetter[], withState: boolean): string {
  const rows = new Table({
    head: ["failed at", "id", "code", "stage", "destination", "message", ...(withState ? ["state"] : [])],
    style: { head: [], border: [], compact: true },
  });
  for (const { letter, state } of letters) {
    const { failedAt, id, code, stage, destination = "", message } = letter;
    const texts = [failedAt, shortText(id, SHOWN_CHARACTERS.id), code, stage, destination];
    const safe = texts.map((text) => shortText(text, 64));
    rows.push([...safe, shortText(message, SHOWN_CHARACTERS.message), ...(withState ? [state] : [])]);
  }
  return rows.toString();
}

function footer(count: { readonly total: number; readonly shown: number; readonly hidden: number }): string {
  const { total, shown, hidden } = count;
  const older = total > shown ? `, the newest ${number(shown)} shown (--limit)` : "";
  const others = hidden > 0 ? `; ${number(hidden)} redriven or repeated (--all)` : "";
  return `${number(total)} ${total === 1 ? "letter" : "letters"}${older}${others}`;
}
