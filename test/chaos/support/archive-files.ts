// A folder of input files of every kind, some of them damaged, and what must come of each of them.

import { gzipSync } from "node:zlib";
import zlib from "node:zlib";

import snappy from "snappy";

import { containerBlock, containerHeader } from "../../../src/avro/container-writer.ts";
import { exportEventSchema } from "../../../src/emulators/avro-events.ts";
import { zstandardFrame } from "../../support/zstandard-frame.ts";
import type { IssuedEvent, Oracle } from "./oracle.ts";

export interface ArchiveBlock {
  /** A checkpoint at or behind this position says that the block is settled. */
  readonly end: number;
  readonly events: readonly IssuedEvent[];
}

export interface ArchiveFile {
  readonly name: string;
  readonly bytes: Buffer;
  /** The whole ones, in order. */
  readonly blocks: readonly ArchiveBlock[];
  /** May come or not. */
  readonly optional?: readonly IssuedEvent[];
  /** How many parts are damaged, each of which becomes one dead letter. */
  readonly damaged: number;
}

type Codec = "null" | "deflate" | "snappy" | "zstandard";
type Harm = "none" | "truncated" | "flipped" | "zero-block" | "no-blocks";

const SYNC = Buffer.from("sluice-chaos-syn", "latin1");
const BLOCK_EVENTS = 200;

/** 24 files with about `total` events. */
export function archiveFiles(oracle: Oracle, total: number): ArchiveFile[] {
  const each = Math.ceil(total / 20);
  let serial = 0;
  const files: ArchiveFile[] = [];
  const take = (n: number, form: "avro" | "json") =>
    Array.from({ length: n }, () => oracle.event(serial++, form));
  const container = (codec: Codec, harm: Harm = "none", n = each) =>
    files.push(containerFile(`${nameOf(files)}-${codec}-${harm}.avro`, take(n, "avro"), codec, harm));
  for (const codec of ["null", "deflate", "snappy", "zstandard"] as const)
    for (let i = 0; i < 3; i++) container(codec);
  container("deflate", "truncated");
  container("null", "truncated");
  container("snappy", "flipped");
  container("deflate", "zero-block");
  container("null", "no-blocks", 0);
  container("snappy", "none", 1);
  for (const gzipped of [false, false, true, true])
    files.push(linesFile(nameOf(files), take(each, "json"), gzipped));
  files.push({ name: `${nameOf(files)}-empty.ndjson`, bytes: Buffer.alloc(0), blocks: [], damaged: 0 });
  files.push(cutGzip(nameOf(files), take(each, "json")));
  return files;
}

function nameOf(files: readonly ArchiveFile[]): string {
  return String(files.length).padStart(2, "0");
}

function containerFile(name: string, events: IssuedEvent[], codec: Codec, harm: Harm): ArchiveFile {
  const parts = [containerHeader(exportEventSchema(), codec, SYNC)];
  const blocks: ArchiveBlock[] = [];
  let end = parts[0]!.length;
  const add = (block: Buffer, of: readonly IssuedEvent[] | undefined) => {
    parts.push(block);
    end += block.length;
    if (of) blocks.push({ end, events: of });
  };
  const groups = grouped(events, BLOCK_EVENTS);
  const middle = Math.floor(groups.length / 2);
  groups.forEach((group, index) => {
    const stored = stored_(Buffer.concat(group.map(({ body }) => body)), codec);
    const block = containerBlock(group.length, stored, SYNC);
    if (harm === "zero-block" && index === middle)
      add(containerBlock(0, stored_(Buffer.alloc(0), codec), SYNC), []);
    if (harm === "flipped" && index === middle) {
      // In the middle of the data: snappy's checksum tells.
      block[Math.floor(block.length / 2)]! ^= 0x10;
      add(block, undefined);
    } else if (harm === "truncated" && index === groups.length - 1) {
      add(block.subarray(0, Math.floor(block.length / 2)), undefined);
    } else add(block, group);
  });
  const damaged = harm === "truncated" || harm === "flipped" ? 1 : 0;
  return { name, bytes: Buffer.concat(parts), blocks, damaged };
}

/** Positions in a gzipped file count the bytes of its text. */
function linesFile(number: string, events: IssuedEvent[], gzipped: boolean): ArchiveFile {
  const { text, blocks } = lines(events);
  const name = `${number}-lines.ndjson${gzipped ? ".gz" : ""}`;
  return { name, bytes: gzipped ? gzipSync(text) : text, blocks, damaged: 0 };
}

/** Its last lines cannot be read; which ones, depends on how the reader's buffers fall. So they are not expected. */
function cutGzip(number: string, events: IssuedEvent[]): ArchiveFile {
  const { text } = lines(events);
  const bytes = gzipSync(text);
  return {
    name: `${number}-cut.ndjson.gz`,
    bytes: bytes.subarray(0, bytes.length - 6),
    blocks: [],
    optional: events,
    damaged: 1,
  };
}

function lines(events: readonly IssuedEvent[]): { text: Buffer; blocks: ArchiveBlock[] } {
  const blocks: ArchiveBlock[] = [];
  let end = 0;
  const parts = events.map((event) => {
    const line = Buffer.concat([event.body, Buffer.from("\n")]);
    end += line.length;
    blocks.push({ end, events: [event] });
    return line;
  });
  return { text: Buffer.concat(parts), blocks };
}

function grouped<T>(list: readonly T[], size: number): T[][] {
  const groups: T[][] = [];
  for (let at = 0; at < list.length; at += size) groups.push(list.slice(at, at + size));
  return groups;
}

function stored_(data: Buffer, codec: Codec): Buffer {
  switch (codec) {
    case "null":
      return data;
    case "deflate":
      return zlib.deflateRawSync(data);
    case "zstandard":
      return zstandardFrame(data);
    case "snappy": {
      const check = Buffer.alloc(4);
      check.writeUInt32BE(zlib.crc32(data));
      return Buffer.concat([snappy.compressSync(data), check]);
    }
  }
}
