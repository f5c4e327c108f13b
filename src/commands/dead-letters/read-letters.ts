// The letters of some segments, one by one, each with its place and whether it still waits to be redriven.

import { RunError } from "../../engine/errors.ts";
import type { DeadLetter } from "../../engine/dead-letters.ts";
import type { LetterFilter } from "./filter.ts";
import type { Segment } from "./find-segments.ts";
import { letterKey, NotALetter, parseLetter } from "./letter.ts";
import { type Line, readLines } from "./read-lines.ts";

/** open: waits for a redrive. redriven: dealt with. repeated: the same as an earlier letter that was read. */
export type LetterState = "open" | "redriven" | "repeated";

export interface FoundLetter {
  readonly segment: Segment;
  readonly line: number;
  readonly letter: DeadLetter;
  readonly key: string;
  readonly state: LetterState;
}

export interface ReadOptions {
  readonly segments: readonly Segment[];
  readonly filter: LetterFilter;
  readonly redriven: ReadonlySet<string>;
  /** `file:line`, and what is wrong there; the line is skipped. */
  readonly damaged: (place: string, why: string) => void;
  /** Bytes of all segments that are behind us. */
  readonly passed?: (bytes: number) => void;
  /** Letters that the filter left out. */
  readonly filteredOut?: () => void;
}

/** As long as the longest line that the file sink writes. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;
/** Keys kept to know a letter again: about 100 bytes each. */
const MAX_LETTERS = 2_000_000;

/** Throws RunError `too-many-letters`. */
export async function* readLetters(options: ReadOptions): AsyncGenerator<FoundLetter> {
  const { filter, redriven, filteredOut } = options;
  const seen = new Set<string>();
  let behind = 0;
  for (const segment of options.segments) {
    const length = segment.bytes;
    for await (const line of readLines(segment.path, { length, maxBytes: MAX_LINE_BYTES })) {
      options.passed?.(behind + line.end);
      const letter = letterOf(line, segment, options);
      if (!letter) continue;
      if (!filter(letter)) {
        filteredOut?.();
        continue;
      }
      const key = letterKey(letter);
      const state = redriven.has(key) ? "redriven" : seen.has(key) ? "repeated" : "open";
      if (state === "open") remember(seen, key);
      yield { segment, line: line.number, letter, key, state };
    }
    behind += length;
  }
}

function letterOf(line: Line, segment: Segment, { damaged }: ReadOptions): DeadLetter | undefined {
  const { bytes, isTorn, number } = line;
  const place = `${segment.name}:${number}`;
  if (!bytes) {
    damaged(place, `longer than ${MAX_LINE_BYTES} bytes`);
    return undefined;
  }
  try {
    return parseLetter(bytes.toString("utf8"));
  } catch (error) {
    if (!(error instanceof NotALetter)) throw error;
    // A letter is acked when its line is whole and on the disk: whatever this was, its event comes again.
    damaged(
      place,
      isTorn ? "the last line is not whole: being written now, or torn by a crash" : error.message,
    );
    return undefined;
  }
}

function remember(seen: Set<string>, key: string): void {
  if (seen.size >= MAX_LETTERS)
    throw new RunError(
      "too-many-letters",
      `There are more than ${MAX_LETTERS} open letters. Take a part of them with --since and --until, or --from some of the files.`,
    );
  seen.add(key);
}
