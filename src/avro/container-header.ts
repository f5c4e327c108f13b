// The header of a container file: magic, metadata, sync marker (Apache Avro specification, "Object Container Files").

import { isUtf8 } from "node:buffer";

import type { WriterSchema } from "../engine/contracts.ts";
import { DataError } from "../engine/errors.ts";
import type { ByteSource } from "./byte-window.ts";
import { findCodec } from "./container-codecs.ts";
import { ContainerError, type ContainerLimits, defaultContainerLimits } from "./container-error.ts";
import { Cursor } from "./cursor.ts";
import { writerSchema } from "./schema.ts";

export interface ContainerHeader {
  readonly schema: WriterSchema;
  readonly codec: string;
  readonly metadata: ReadonlyMap<string, Buffer>;
  readonly syncMarker: Buffer;
  /** Bytes; the first block begins here. */
  readonly length: number;
}

export const MAGIC = Buffer.from("Obj\x01", "latin1");
export const SYNC_BYTES = 16;

/** Most headers are a few kilobytes; the rest is read only when it is needed. */
const FIRST_READ_BYTES = 64 * 1024;

/** Throws ContainerError. An empty file is a truncated one. */
export async function readHeader(
  bytes: ByteSource,
  limits: ContainerLimits = defaultContainerLimits,
): Promise<ContainerHeader> {
  const first = await bytes.read(0, Math.min(FIRST_READ_BYTES, limits.headerBytes, bytes.size));
  checkMagic(first, bytes.size);
  const whole = Math.min(limits.headerBytes, bytes.size);
  const header = parse(first) ?? (whole > first.length ? parse(await bytes.read(0, whole)) : undefined);
  if (header) return header;
  if (bytes.size > whole)
    throw new ContainerError(
      "avro-container-too-large",
      0,
      `the header does not end within ${limits.headerBytes} bytes`,
    );
  throw new ContainerError("avro-container-truncated", bytes.size, "the file ends inside the header");
}

function checkMagic(head: Buffer, size: number): void {
  const length = Math.min(head.length, MAGIC.length);
  if (!head.subarray(0, length).equals(MAGIC.subarray(0, length)))
    throw new ContainerError("avro-container-corrupt", 0, "it does not begin with Obj and 1");
  if (length < MAGIC.length)
    throw new ContainerError("avro-container-truncated", size, "the file ends at once");
}

/** undefined: `head` ends before the header does. */
function parse(head: Buffer): ContainerHeader | undefined {
  const cursor = new Cursor();
  cursor.reset(head, 0, head.length);
  cursor.skip(MAGIC.length);
  try {
    const metadata = readMetadata(cursor);
    const at = cursor.pos;
    cursor.skip(SYNC_BYTES);
    const syncMarker = Buffer.from(head.subarray(at, cursor.pos));
    return { ...interpret(metadata), metadata, syncMarker, length: cursor.pos };
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    if (error.code === "avro-truncated") return undefined;
    throw new ContainerError("avro-container-corrupt", cursor.pos, `bad header: ${error.message}`);
  }
}

function readMetadata(cursor: Cursor): Map<string, Buffer> {
  const metadata = new Map<string, Buffer>();
  // 0: a count larger than what was read so far only means that more must be read.
  for (let count = cursor.blockCount(0); count > 0; count = cursor.blockCount(0)) {
    const { blockEnd } = cursor;
    for (; count > 0; count--) metadata.set(cursor.string(), Buffer.from(cursor.bytes()));
    cursor.endBlock(blockEnd);
  }
  return metadata;
}

function interpret(metadata: ReadonlyMap<string, Buffer>): Pick<ContainerHeader, "schema" | "codec"> {
  const json = metadata.get("avro.schema");
  if (!json || !isUtf8(json))
    throw new ContainerError(
      "avro-container-corrupt",
      MAGIC.length,
      "the header has no readable avro.schema",
    );
  const codec = metadata.get("avro.codec")?.toString("latin1") ?? "null";
  if (!findCodec(codec))
    throw new ContainerError(
      "avro-container-unsupported-codec",
      MAGIC.length,
      `codec ${JSON.stringify(codec.slice(0, 40))}; known are null, deflate, snappy and zstandard`,
    );
  return { schema: writerSchema(json.toString("utf8")), codec };
}
