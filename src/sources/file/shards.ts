// Which part of the files each of several processes reads. The answer follows from the list of files, their sizes and the
// number of shards alone, so that every process finds it by itself and nobody has to hand out work:
//
// 1. A file larger than a quarter of a fair share is cut into equal pieces of at most that, where its kind allows it
//    (container files and lines; not gzip). Pieces of less than a megabyte are not worth opening a file for.
// 2. Files and pieces go, the largest first, each to the shard that has least so far (then to the lowest number).
//
// So of files that can be cut, no shard has more than a quarter above the fair share (Graham's bound for this rule), or a
// megabyte where that is more.

import { createHash } from "node:crypto";

import { bytesOf, type InputFile } from "./find-inputs.ts";

export interface Shard {
  /** Counts from 0. */
  readonly index: number;
  readonly of: number;
}

export interface ShardRules {
  readonly leastPieceBytes: number;
  /** Asked only for files that would be cut: at most four for each shard. */
  canBeCut(input: InputFile): Promise<boolean>;
}

export const LEAST_PIECE_BYTES = 1024 * 1024;
const PIECES_OF_A_SHARE = 4;
const ASKED_AT_ONCE = 16;

/** Not from 1: that is how indices come from every scheduler. */
export function shardName({ index, of }: Shard): string {
  return `shard-${index}-of-${of}`;
}

/** For each shard what it reads, in the order of `inputs`. */
export async function planShards(
  inputs: readonly InputFile[],
  of: number,
  rules: ShardRules,
): Promise<readonly (readonly InputFile[])[]> {
  const total = inputs.reduce((sum, { bytes }) => sum + bytes, 0);
  const mostBytes = Math.max(rules.leastPieceBytes, Math.ceil(total / of / PIECES_OF_A_SHARE));
  const units: InputFile[] = [];
  const large = inputs.filter(({ bytes }) => bytes > mostBytes);
  const cuttable = new Set<InputFile>();
  for (let at = 0; at < large.length; at += ASKED_AT_ONCE) {
    const ask = async (input: InputFile) => void ((await rules.canBeCut(input)) && cuttable.add(input));
    await Promise.all(large.slice(at, at + ASKED_AT_ONCE).map(ask));
  }
  for (const input of inputs) units.push(...(cuttable.has(input) ? pieces(input, mostBytes) : [input]));
  const shards = Array.from({ length: of }, () => ({ bytes: 0, places: [] as number[] }));
  const largestFirst = units.map((unit, place) => ({ place, bytes: bytesOf(unit) }));
  largestFirst.sort((a, b) => b.bytes - a.bytes || a.place - b.place);
  for (const { place, bytes } of largestFirst) {
    const least = shards.reduce((best, shard) => (shard.bytes < best.bytes ? shard : best));
    least.bytes += bytes;
    least.places.push(place);
  }
  return shards.map(({ places }) => places.sort((a, b) => a - b).map((place) => units[place]!));
}

/** Equal but for a byte. */
function pieces(input: InputFile, mostBytes: number): InputFile[] {
  const count = Math.ceil(input.bytes / mostBytes);
  const border = (i: number) => Math.floor((input.bytes * i) / count);
  return Array.from({ length: count }, (_, i) => ({
    ...input,
    part: { from: border(i), to: border(i + 1) },
  }));
}

/** Equal for equal plans: the files, their sizes (and generations, of objects), the number of shards. */
export function fingerprintOf(inputs: readonly InputFile[], of: number): string {
  const files = inputs.map(({ name, bytes, object }) => [
    name,
    bytes,
    ...(object ? [object.generation] : []),
  ]);
  return createHash("sha256")
    .update(JSON.stringify([of, files]))
    .digest("hex");
}
