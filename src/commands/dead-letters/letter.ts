// A dead letter as it stands on its line: checked, because a file may hold anything, and turned back into what the
// pipeline once received.

import { hash } from "node:crypto";

import type { DeadLetter } from "../../engine/dead-letters.ts";
import { isObject } from "../../events/envelope.ts";
import { JsonTextError, parseJsonText } from "../../events/json-text.ts";

/** A letter is an object with one object in it. */
const MAX_DEPTH = 8;
/** The stage of letters that hold a damaged part of a file: no entry that a pipeline could read. */
const DAMAGED_INPUT = "source";

/** Says what is wrong with a line; never holds a piece of it. */
export class NotALetter extends Error {
  override readonly name = "NotALetter";
}

/** Throws NotALetter. Keys that are not known are kept: a later version may have written them. */
export function parseLetter(line: string): DeadLetter {
  const value = parse(line);
  if (!isObject(value)) throw new NotALetter("not a JSON object");
  for (const key of ["id", "pipeline", "configVersion", "stage", "code", "message", "body"])
    if (typeof value[key] !== "string") throw new NotALetter(`no dead letter: ${key} is not a text`);
  for (const key of ["destination", "sink", "writerSchema", "publishedAt"])
    if (value[key] !== undefined && typeof value[key] !== "string")
      throw new NotALetter(`no dead letter: ${key} is not a text`);
  if (!isCount(value["attempt"])) throw new NotALetter("no dead letter: attempt is not a count");
  if (value["redrives"] !== undefined && !isCount(value["redrives"]))
    throw new NotALetter("no dead letter: redrives is not a count");
  if (typeof value["failedAt"] !== "string" || Number.isNaN(Date.parse(value["failedAt"])))
    throw new NotALetter("no dead letter: failedAt is not a time");
  const { attributes } = value;
  if (!isObject(attributes) || Object.values(attributes).some((one) => typeof one !== "string"))
    throw new NotALetter("no dead letter: attributes are not texts");
  // Every key that DeadLetter has was checked above.
  return value as unknown as DeadLetter;
}

/** The raw bytes. Throws NotALetter: Node decodes anything, so damage must be looked for. */
export function bodyOf(letter: DeadLetter): Buffer {
  const body = Buffer.from(letter.body, "base64");
  if (body.toString("base64") !== letter.body) throw new NotALetter("its body is not base64");
  return body;
}

/**
 * Names what a redrive of this letter would deliver: the same event, to the same destination of the same sink, after
 * the same number of redrives. 22 characters. See redriven.ts for what follows from it.
 */
export function letterKey(letter: DeadLetter): string {
  const parts = [letter.pipeline, letter.id, letter.destination ?? "", letter.redrives ?? 0, letter.body];
  if (letter.sink !== undefined) parts.push(letter.sink);
  return hash("sha256", JSON.stringify(parts), "base64url").slice(0, 22);
}

export function isDamagedInput({ stage }: DeadLetter): boolean {
  return stage === DAMAGED_INPUT;
}

function parse(line: string): unknown {
  try {
    return parseJsonText(line, MAX_DEPTH);
  } catch (error) {
    if (error instanceof JsonTextError) throw new NotALetter(`not JSON: ${error.message}`);
    throw error;
  }
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
