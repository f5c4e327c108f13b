// Writes container files: for the demo, for fixtures and for tests.

import zlib from "node:zlib";

import snappy from "snappy";

import { MAGIC, SYNC_BYTES } from "./container-header.ts";

export interface ContainerWriterOptions {
  readonly codec?: "null" | "deflate" | "snappy";
  /** 16 bytes; the same input gives the same file. */
  readonly syncMarker?: Buffer;
  /** A block is closed when it holds this many bytes. */
  readonly blockBytes?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

const DEFAULT_SYNC = Buffer.from("sluice-container", "latin1");
const DEFAULT_BLOCK_BYTES = 16 * 1024;

/** A whole file with one datum for each encoded one, in order. */
export function writeContainer(
  schemaJson: string,
  data: Iterable<Uint8Array>,
  options: ContainerWriterOptions = {},
): Buffer {
  const { codec = "null", syncMarker = DEFAULT_SYNC, blockBytes = DEFAULT_BLOCK_BYTES } = options;
  if (syncMarker.length !== SYNC_BYTES) throw new Error(`a sync marker has ${SYNC_BYTES} bytes`);
  const parts = [containerHeader(schemaJson, codec, syncMarker, options.metadata ?? {})];
  let block: Uint8Array[] = [];
  let bytes = 0;
  const close = (): void => {
    if (block.length === 0) return;
    parts.push(containerBlock(block.length, compress(Buffer.concat(block), codec), syncMarker));
    block = [];
    bytes = 0;
  };
  for (const datum of data) {
    block.push(datum);
    bytes += datum.length;
    if (bytes >= blockBytes) close();
  }
  close();
  return Buffer.concat(parts);
}

export function containerHeader(
  schemaJson: string,
  codec: string,
  syncMarker: Buffer,
  metadata: Readonly<Record<string, string>> = {},
): Buffer {
  const entries = Object.entries({ "avro.schema": schemaJson, "avro.codec": codec, ...metadata });
  const pairs = entries.flatMap(([key, value]) => [lengthed(key), lengthed(value)]);
  return Buffer.concat([MAGIC, varint(entries.length), ...pairs, varint(0), syncMarker]);
}

/** `stored` is the data as it stands in the file, compressed or not. */
export function containerBlock(count: number, stored: Uint8Array, syncMarker: Buffer): Buffer {
  return Buffer.concat([varint(count), varint(stored.length), stored, syncMarker]);
}

/** An Avro long; safe integers only. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

function lengthed(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([varint(bytes.length), bytes]);
}

function compress(data: Buffer, codec: "null" | "deflate" | "snappy"): Buffer {
  if (codec === "deflate") return zlib.deflateRawSync(data);
  if (codec === "null") return data;
  const check = Buffer.alloc(4);
  check.writeUInt32BE(zlib.crc32(data));
  return Buffer.concat([snappy.compressSync(data), check]);
}
