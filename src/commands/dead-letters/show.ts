import type { ShowOptions } from "../dead-letters.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { bodyOf, NotALetter } from "./letter.ts";
import { openLetters } from "./open-letters.ts";
import { print } from "./output.ts";
import { plainLines, plainText } from "./plain-text.ts";
import type { FoundLetter } from "./read-letters.ts";
import { showBody } from "./show-body.ts";

/** An id can have several letters: one for each destination, and one for each time it failed. */
const MOST_SHOWN = 20;

/** Every letter with that id, or the one at that place. As JSON: the letters as they are written. */
export async function showLetter(options: ShowOptions): Promise<ExitCode> {
  const opened = await openLetters(options);
  if (!opened) return exitCode.invalidInput;
  const asJson = options.json ?? !process.stdout.isTTY;
  let shown = 0;
  for await (const found of opened.letters) {
    const { segment, line, letter, state } = found;
    const place = `${segment.name}:${line}`;
    if (letter.id !== options.letter && place !== options.letter) continue;
    if (shown === MOST_SHOWN) {
      process.stderr.write(`There are more than ${MOST_SHOWN}; narrow it down, or name one by its place.\n`);
      break;
    }
    shown += 1;
    await print(asJson ? `${JSON.stringify({ place, state, ...letter })}\n` : `${inFull(found)}\n\n`);
  }
  if (shown > 0) return exitCode.done;
  process.stderr.write(
    `There is no letter ${plainText(options.letter)} here. See: sluice dead-letters list --all\n`,
  );
  return exitCode.failed;
}

function inFull({ segment, line, letter, state }: FoundLetter): string {
  const rows: [string, string | undefined][] = [
    ["id", letter.id],
    ["place", `${segment.name}:${line}`],
    ["state", state],
    ["pipeline", `${letter.pipeline}, version ${letter.configVersion}`],
    ["failed in", letter.stage],
    ["with code", letter.code],
    ["because", letter.message],
    ["missed by", missedBy(letter)],
    ["attempt", `${letter.attempt}${letter.redrives ? `, redriven ${letter.redrives} times before` : ""}`],
    ["published", letter.publishedAt],
    ["failed at", letter.failedAt],
    ...Object.entries(letter.attributes).map(([key, value]): [string, string] => [
      "attribute",
      `${key}=${value}`,
    ]),
  ];
  const head = rows.flatMap(([name, text]) =>
    text === undefined ? [] : [`${name.padEnd(10)} ${plainText(text)}`],
  );
  return [...head, ...bodyLines(letter)].join("\n");
}

function missedBy({ destination, sink }: FoundLetter["letter"]): string {
  if (sink === undefined) return destination ?? "every destination";
  return destination === undefined ? `sink ${sink}` : `${destination}, sink ${sink}`;
}

function bodyLines(letter: FoundLetter["letter"]): string[] {
  try {
    const body = bodyOf(letter);
    const { kind, text } = showBody(body, letter.writerSchema);
    return [`${"body".padEnd(10)} ${body.length} bytes, ${kind}`, plainLines(text)];
  } catch (error) {
    if (!(error instanceof NotALetter)) throw error;
    return [`${"body".padEnd(10)} ${error.message}`];
  }
}
