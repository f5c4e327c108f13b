// What was redriven already. Segments are never rewritten: beside `x.ndjson` stands `x.ndjson.redriven`, one line for
// each letter that is dealt with, fsynced. Move or delete the two together.
//
// Identity. A letter is open until its key stands in one of these files. The key (letter.ts) is pipeline, id, body,
// destination and the number of redrives that the event had behind it. From that follows:
//   - The same event dead-lettered twice (a crash or a lost ack between letter and ack) is two lines with one key,
//     and is redriven once, also when the second line comes after the redrive. Stage and code are not in the key: that
//     one copy failed in another way does not make another delivery of it.
//   - One event that two destinations missed is two letters with two keys, each redriven to its destination only.
//   - An event that fails again in a redrive gets a new letter with one more redrive: a new key, so it is open, while
//     the old letter is dealt with. A letter never holds another one.
//   - A file with new content under an old name gives the same ids with other bodies, which are other keys.
//
// A letter is marked after its event is delivered, dropped by a rule, or safe in a new letter. A redrive that dies in
// between sends what it had in hand and had not marked once more, with the same messageId.

import { open, stat } from "node:fs/promises";
import { dirname } from "node:path";

import { parseJsonText } from "../../events/json-text.ts";
import { isObject } from "../../events/envelope.ts";
import { LineFile } from "../../sinks/file/line-file.ts";
import type { Segment } from "./find-segments.ts";
import { readLines } from "./read-lines.ts";

export const MARKS_EXTENSION = ".redriven";

/** What became of the values that one letter gave. */
export interface Outcome {
  readonly delivered: number;
  readonly dropped: number;
  /** Failed again: that many new letters. */
  readonly deadLettered: number;
}

export interface Mark extends Outcome {
  readonly segment: Segment;
  readonly line: number;
  readonly key: string;
}

const MAX_MARK_BYTES = 4_096;

/**
 * The keys that stand beside these segments. A torn or damaged mark counts as none: its letter is redriven again,
 * which is safe; `damaged` is told of those in the middle.
 */
export async function redrivenKeys(
  segments: readonly Segment[],
  damaged: (place: string) => void = () => {},
): Promise<Set<string>> {
  const keys = new Set<string>();
  for (const segment of segments) {
    const path = segment.path + MARKS_EXTENSION;
    const length = await sizeOf(path);
    if (length === 0) continue;
    for await (const { number, bytes, isTorn } of readLines(path, { length, maxBytes: MAX_MARK_BYTES })) {
      const key = bytes && keyIn(bytes.toString("utf8"));
      if (key !== undefined) keys.add(key);
      else if (!isTorn) damaged(`${segment.name}${MARKS_EXTENSION}:${number}`);
    }
  }
  return keys;
}

/** Adds marks beside their segments. They are on the disk when this resolves. */
export async function writeMarks(marks: readonly Mark[], at: Date): Promise<void> {
  const bySegment = new Map<string, string[]>();
  for (const { segment, ...mark } of marks) {
    const path = segment.path + MARKS_EXTENSION;
    const lines = bySegment.get(path) ?? [];
    bySegment.set(path, lines);
    lines.push(`${JSON.stringify({ ...mark, at: at.toISOString() })}\n`);
  }
  for (const [path, lines] of bySegment) {
    const isNew = (await sizeOf(path)) === 0;
    // Opening closes a line that a crash tore, so that marks never join it.
    const file = await LineFile.open(path, "append");
    try {
      await file.write(Buffer.from(lines.join("")), true);
    } finally {
      await file.close();
    }
    if (isNew) await syncFolderOf(path);
  }
}

function keyIn(line: string): string | undefined {
  try {
    const value = parseJsonText(line, 4);
    return isObject(value) && typeof value["key"] === "string" ? value["key"] : undefined;
  } catch {
    // Torn by a crash and closed by the next run; the caller says where.
    return undefined;
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return 0;
    throw error;
  }
}

async function syncFolderOf(path: string): Promise<void> {
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
