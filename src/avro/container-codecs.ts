// Decompression of one container block, with the output bounded before it is made (Apache Avro specification,
// "Required Codecs" and "Optional Codecs").

import { promisify } from "node:util";
import zlib from "node:zlib";

import * as fzstd from "fzstd";
import snappy from "snappy";

import { toError } from "../engine/errors.ts";

/** Yields what is in the block, at most `maxBytes` of it. Throws CodecFault. */
export type Decompress = (data: Buffer, maxBytes: number) => Buffer | Promise<Buffer>;

export class CodecFault extends Error {
  override readonly name = "CodecFault";
  constructor(
    readonly kind: "corrupt" | "too-large",
    what: string,
    options?: ErrorOptions,
  ) {
    super(what, options);
  }
}

export function findCodec(name: string): Decompress | undefined {
  return codecs.get(name);
}

const inflate = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.inflateRaw);

const codecs: ReadonlyMap<string, Decompress> = new Map<string, Decompress>([
  ["null", (data) => data],
  ["deflate", inflateBlock],
  ["snappy", unsnappy],
  ["zstandard", unzstd],
]);

async function inflateBlock(data: Buffer, maxBytes: number): Promise<Buffer> {
  // `info` tells how much of the input was used: what follows the end of the stream is damage, not data.
  const options = { maxOutputLength: Math.max(1, maxBytes), info: true };
  try {
    const result: unknown = await inflate(data, options);
    const { buffer, engine } = result as { buffer: Buffer; engine: { bytesWritten: number } };
    if (engine.bytesWritten !== data.length)
      throw new CodecFault("corrupt", "bytes follow the deflated data");
    return buffer;
  } catch (error) {
    throw asFault(error, maxBytes);
  }
}

/** Raw snappy, then the big-endian CRC-32 of what is in it. */
async function unsnappy(data: Buffer, maxBytes: number): Promise<Buffer> {
  if (data.length < 5) throw new CodecFault("corrupt", "a snappy block of less than 5 bytes");
  const body = data.subarray(0, -4);
  const announced = snappyLength(body);
  if (announced > maxBytes) throw tooLarge(maxBytes);
  let plain: Buffer;
  try {
    plain = (await snappy.uncompress(body, { asBuffer: true })) as Buffer;
  } catch (error) {
    throw asFault(error, maxBytes);
  }
  if (zlib.crc32(plain) !== data.readUInt32BE(data.length - 4))
    throw new CodecFault("corrupt", "the block's CRC-32 is not that of its data");
  return plain;
}

/** The length that stands before snappy data, a varint of at most 32 bits. */
function snappyLength(data: Buffer): number {
  let length = 0;
  for (let at = 0; at < Math.min(5, data.length); at++) {
    const byte = data[at]!;
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return length;
  }
  throw new CodecFault("corrupt", "a snappy block without a length");
}

/** What zstandard itself takes without being asked to. */
const MAX_WINDOW_BYTES = 128 * 1024 * 1024;

type NativeZstd = (data: Buffer, options: object, done: (error: Error | null, plain: Buffer) => void) => void;

/** Node has it from 22.15 on. */
const nativeZstd = (zlib as { zstdDecompress?: NativeZstd }).zstdDecompress;

async function unzstd(data: Buffer, maxBytes: number): Promise<Buffer> {
  const window = zstdWindow(data);
  if (window > MAX_WINDOW_BYTES)
    throw new CodecFault("too-large", `a zstandard window of ${window} bytes; at most ${MAX_WINDOW_BYTES}`);
  try {
    return nativeZstd ? await unzstdNative(nativeZstd, data, maxBytes) : unzstdScript(data, maxBytes);
  } catch (error) {
    throw asFault(error, maxBytes);
  }
}

function unzstdNative(decompress: NativeZstd, data: Buffer, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    decompress(data, { maxOutputLength: Math.max(1, maxBytes) }, (error, plain) =>
      error ? reject(error) : resolve(plain),
    );
  });
}

/** Does not check the frame's own checksum, which is optional and written by few. */
function unzstdScript(data: Buffer, maxBytes: number): Buffer {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  const stream = new fzstd.Decompress((part) => {
    bytes += part.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    parts.push(part.slice());
  });
  stream.push(data, true);
  return Buffer.concat(parts, bytes);
}

/**
 * The memory that the frame asks for; checks on the way that the block is one frame and nothing else, as every
 * writer makes it: each further frame could ask for memory again (RFC 8878, "Zstandard Frames").
 */
function zstdWindow(data: Buffer): number {
  if (data.length < 9 || data.readUInt32LE(0) !== 0xfd2fb528)
    throw new CodecFault("corrupt", "a block that does not begin as zstandard data");
  const descriptor = data[4]!;
  const singleSegment = (descriptor >> 5) & 1;
  const sizeFlag = descriptor >> 6;
  const sizeAt = 5 + (singleSegment ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!;
  const sizeBytes = sizeFlag === 0 ? singleSegment : 2 ** sizeFlag;
  if (sizeAt + sizeBytes > data.length) throw new CodecFault("corrupt", "a cut zstandard frame");
  const end = zstdEnd(data, sizeAt + sizeBytes) + (descriptor & 4);
  if (end !== data.length) throw new CodecFault("corrupt", "a zstandard frame of the wrong length");
  if (singleSegment) return littleEndian(data, sizeAt, sizeBytes) + (sizeFlag === 1 ? 256 : 0);
  const base = 2 ** (10 + (data[5]! >> 3));
  return base + (base / 8) * (data[5]! & 7);
}

/** Where the blocks of a frame end that begin at `at`. */
function zstdEnd(data: Buffer, at: number): number {
  for (let next = at; next + 3 <= data.length; ) {
    const header = data.readUIntLE(next, 3);
    // Type 1 repeats a single byte.
    next += 3 + (((header >> 1) & 3) === 1 ? 1 : header >> 3);
    if (header & 1) return next;
  }
  throw new CodecFault("corrupt", "a cut zstandard frame");
}

function littleEndian(data: Buffer, at: number, bytes: number): number {
  let value = 0;
  for (let index = bytes - 1; index >= 0; index--) value = value * 256 + data[at + index]!;
  return value;
}

function tooLarge(maxBytes: number): CodecFault {
  return new CodecFault("too-large", `the block decompresses to more than ${maxBytes} bytes`);
}

function asFault(error: unknown, maxBytes: number): CodecFault {
  if (error instanceof CodecFault) return error;
  const cause = toError(error) as Error & { code?: unknown };
  if (cause.code === "ERR_BUFFER_TOO_LARGE") return tooLarge(maxBytes);
  return new CodecFault("corrupt", `the block does not decompress (${cause.message.slice(0, 100)})`, {
    cause,
  });
}
