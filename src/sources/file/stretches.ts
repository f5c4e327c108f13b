// NDJSON in blocks. A stretch is as many whole lines as fit into `blockBytes`; where stretches begin and end follows
// from the file's bytes, `blockBytes` and where reading began (itself a border) alone, never from how the disk
// or gzip happened to slice them, so that ids and checkpoints mean the same in every run.
//
//   next `blockBytes`: the file ends there     -> the rest, whose last line may lack its newline
//                      a newline stands there  -> up to and with the last one
//                      none                    -> one long line, read on up to `maxLineBytes`
//   a line beyond `maxLineBytes`               -> one record that is dead-lettered, cut to its first bytes
//
// Of a part of a file, the lines are read that begin in it: from behind the first newline at or after the byte before
// it, to the end of the line in which it ends. So each line has one reader, wherever the file is cut.

import { DataError } from "../../engine/errors.ts";
import type { ByteRange } from "./find-inputs.ts";
import { BadBlock, type InputBlock } from "./input-block.ts";
import { LineStretch } from "./line-stretch.ts";
import type { PositionedBytes } from "./positioned-bytes.ts";

export interface StretchLimits {
  readonly blockBytes: number;
  /** At least `blockBytes`. */
  readonly maxLineBytes: number;
}

/** Of a line that is too long, this much is kept for the dead letter. */
const KEPT_BYTES = 64 * 1024;
const NEWLINE = 10;

/** From `from` on: 0, or the end of a block. */
export async function* readStretches(
  bytes: PositionedBytes,
  file: string,
  from: number,
  { part, ...limits }: StretchLimits & { readonly part?: ByteRange | undefined },
): AsyncGenerator<InputBlock> {
  const until = part?.to ?? Number.POSITIVE_INFINITY;
  const start = from === 0 && part ? await firstLineFrom(bytes, part.from, limits) : from;
  for (let at = start; at < until; ) {
    const block = await nextStretch(bytes, file, { at, until }, limits);
    if (!block) return;
    at = block.end;
    yield block;
  }
}

/** Where the first line begins at `offset` or later. */
async function firstLineFrom(
  bytes: PositionedBytes,
  offset: number,
  { blockBytes }: StretchLimits,
): Promise<number> {
  if (offset === 0) return 0;
  for (let at = offset - 1; ; at += blockBytes) {
    const chunk = await bytes.read(at, blockBytes);
    const newline = chunk.indexOf(NEWLINE);
    if (newline >= 0) return at + newline + 1;
    if (chunk.length < blockBytes) return at + chunk.length;
  }
}

async function nextStretch(
  bytes: PositionedBytes,
  file: string,
  { at, until }: { readonly at: number; readonly until: number },
  limits: StretchLimits,
): Promise<InputBlock | undefined> {
  const chunk = await bytes.read(at, limits.blockBytes);
  if (chunk.length === 0) return undefined;
  const last = until - 1 - at < chunk.length ? chunk.indexOf(NEWLINE, until - 1 - at) : -1;
  const whole =
    last >= 0 ? last + 1 : chunk.length < limits.blockBytes ? chunk.length : chunk.lastIndexOf(NEWLINE) + 1;
  if (whole === 0) return longLine(bytes, file, at, limits);
  return new LineStretch(file, at, chunk.subarray(0, whole), bytes.bytesBehind(at + whole));
}

/** A line of more than `blockBytes`: a stretch of its own, or too long. */
async function longLine(
  bytes: PositionedBytes,
  file: string,
  at: number,
  limits: StretchLimits,
): Promise<InputBlock> {
  // One byte more than a line may have: its newline.
  const longest = limits.maxLineBytes + 1;
  for (let length = limits.blockBytes * 2; ; length *= 2) {
    const wanted = Math.min(length, longest);
    const chunk = await bytes.read(at, wanted);
    const newline = chunk.indexOf(NEWLINE);
    const ends = newline >= 0 || (chunk.length < wanted && chunk.length <= limits.maxLineBytes);
    if (ends) {
      const line = newline >= 0 ? chunk.subarray(0, newline + 1) : chunk;
      return new LineStretch(file, at, line, bytes.bytesBehind(at + line.length));
    }
    if (wanted === longest) return tooLong(bytes, file, at, chunk, limits);
  }
}

async function tooLong(
  bytes: PositionedBytes,
  file: string,
  at: number,
  head: Buffer,
  limits: StretchLimits,
): Promise<InputBlock> {
  let end = at + head.length;
  for (;;) {
    const chunk = await bytes.read(end, limits.blockBytes);
    const newline = chunk.indexOf(NEWLINE);
    end += newline >= 0 ? newline + 1 : chunk.length;
    if (newline >= 0 || chunk.length < limits.blockBytes) break;
  }
  // A copy, so that the dead letter does not keep the whole line in memory.
  const kept = Buffer.from(head.subarray(0, KEPT_BYTES));
  const message = `The line at byte ${at} of ${file} has ${end - at} bytes; maxLineBytes is ${limits.maxLineBytes}. The dead letter holds its first ${kept.length}.`;
  return new BadBlock(at, end, bytes.bytesBehind(end), kept, new DataError("line-too-long", message));
}
