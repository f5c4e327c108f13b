// A strict reader of Avro object container files (Apache Avro specification, "Object Container Files").
//
// A file is its header and then blocks: count, size, data, sync marker. The reader is at the border of two
// blocks (or at the end of the header) or it is lost. The file may end at a border only; ended anywhere else it
// is truncated. A file cut exactly at a border is a legal, shorter file: only its size tells, and who made it.
//
// Damage is a ContainerError with the byte offset. With "fail" it ends the reading. With "skip-block" the reader
// looks for the next sync marker, reports the range it passed over, and goes on behind it.
//
// Several readers may share one file by ranges of bytes: a block is read by the reader in whose range the sync marker
// in front of it begins (the rule of Java's DataFileReader, `sync` and `pastSync`, which Hadoop splits files by). So each
// block has one reader, wherever the ranges are cut, and damage belongs to the reader in whose range it begins. As there,
// 16 bytes of data that happen to equal the marker, at the very place where a range looks for its first one, would be
// taken for it: that reader finds damage that is none, and nothing is lost, as the block is read by the one before.

import { DataError } from "../engine/errors.ts";
import { type ByteSource, ByteWindow } from "./byte-window.ts";
import { CodecFault, type Decompress, findCodec } from "./container-codecs.ts";
import { ContainerError, type ContainerLimits, defaultContainerLimits } from "./container-error.ts";
import { type ContainerHeader, SYNC_BYTES } from "./container-header.ts";
import { Cursor } from "./cursor.ts";

export interface ContainerBlock {
  /** Where the block begins in the file. */
  readonly offset: number;
  /** Behind its sync marker: where the next block begins. */
  readonly endOffset: number;
  /** The number of data announced; `datumBoundaries` proves it. */
  readonly count: number;
  /** Decompressed. May be a view into a larger piece of the file. */
  readonly data: Buffer;
}

export interface ReadBlocksOptions {
  readonly onDamage: "fail" | "skip-block";
  readonly limits?: ContainerLimits;
  /** Blocks whose preceding sync marker begins here or later are another reader's; the default is the end of the file. */
  readonly untilOffset?: number | undefined;
  /** Called for each range passed over, before reading goes on. */
  onSkip?(error: ContainerError, fromOffset: number, toOffset: number): void;
}

/**
 * The blocks from `fromOffset` on, which must be the end of the header, the `endOffset` of a block or from `firstBlockFrom`. Reads ahead
 * 128 KB. Throws ContainerError; what `bytes.read` throws passes through.
 */
export async function* readBlocks(
  bytes: ByteSource,
  header: ContainerHeader,
  fromOffset: number,
  options: ReadBlocksOptions,
): AsyncGenerator<ContainerBlock, void, undefined> {
  const reader = new BlockReader(bytes, header, options.limits ?? defaultContainerLimits);
  const end = Math.min(bytes.size, (options.untilOffset ?? bytes.size) + SYNC_BYTES);
  for (let offset = fromOffset; offset < end; ) {
    let block: ContainerBlock;
    try {
      block = await reader.read(offset);
    } catch (error) {
      if (!(error instanceof ContainerError) || options.onDamage === "fail") throw error;
      const next = await reader.behindNextSync(offset);
      options.onSkip?.(error, offset, next);
      offset = next;
      continue;
    }
    yield block;
    offset = block.endOffset;
  }
}

/**
 * Where reading begins for the range of the file that begins at `offset`: behind the first sync marker that begins
 * there or later, the header's included; at the end of the file when there is none.
 */
export async function firstBlockFrom(
  bytes: ByteSource,
  header: ContainerHeader,
  offset: number,
): Promise<number> {
  if (offset <= header.length - SYNC_BYTES) return header.length;
  return new BlockReader(bytes, header, defaultContainerLimits).behindNextSync(offset);
}

/** Two varints. */
const FRAME_BYTES = 20;
/** Of a larger block the sync marker is looked at first, or a hostile file could have every byte read for nothing. */
const LARGE_BYTES = 512 * 1024;

class BlockReader {
  private readonly window: ByteWindow;
  private readonly cursor = new Cursor();
  private readonly decompress: Decompress;
  private readonly mostBytes: number;

  constructor(
    private readonly bytes: ByteSource,
    private readonly header: ContainerHeader,
    private readonly limits: ContainerLimits,
  ) {
    this.window = new ByteWindow(bytes);
    const decompress = findCodec(header.codec);
    if (!decompress)
      throw new ContainerError("avro-container-unsupported-codec", 0, `codec ${header.codec.slice(0, 40)}`);
    this.decompress = decompress;
    this.mostBytes = header.codec === "null" ? limits.blockBytes : limits.decompressedBytes;
  }

  async read(offset: number): Promise<ContainerBlock> {
    const { count, size, dataOffset } = this.frame(offset, await this.window.at(offset, FRAME_BYTES));
    const endOffset = dataOffset + size + SYNC_BYTES;
    if (endOffset > this.bytes.size) throw this.truncated(`a block of ${size} bytes at byte ${offset}`);
    if (size > LARGE_BYTES)
      this.checkSync(await this.bytes.read(dataOffset + size, SYNC_BYTES), 0, offset, dataOffset + size);
    const held = await this.window.at(dataOffset, size + SYNC_BYTES);
    this.checkSync(held, size, offset, dataOffset + size);
    const data = await this.plain(held.subarray(0, size), dataOffset);
    return { offset, endOffset, count, data };
  }

  /** `head` holds at least the two numbers, unless the file ends before. */
  private frame(offset: number, head: Buffer): { count: number; size: number; dataOffset: number } {
    const { cursor } = this;
    cursor.reset(head, 0, Math.min(head.length, FRAME_BYTES));
    try {
      const count = cursor.long();
      const size = cursor.long();
      const dataOffset = offset + cursor.pos;
      if (count < 0) throw new ContainerError("avro-container-corrupt", offset, `a block of ${count} data`);
      if (size < 0) throw new ContainerError("avro-container-corrupt", offset, `a block of ${size} bytes`);
      if (size > this.limits.blockBytes)
        throw new ContainerError(
          "avro-container-too-large",
          offset,
          `a block of ${size} bytes; at most ${this.limits.blockBytes} are allowed`,
        );
      return { count, size, dataOffset };
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      if (error.code === "avro-truncated") throw this.truncated(`the head of the block at byte ${offset}`);
      throw new ContainerError("avro-container-corrupt", offset, "a block without a readable count and size");
    }
  }

  /** The marker is at `at` in `held` and at `markerOffset` in the file. */
  private checkSync(held: Buffer, at: number, blockOffset: number, markerOffset: number): void {
    if (held.length < at + SYNC_BYTES) throw this.truncated(`the block at byte ${blockOffset}`);
    if (this.header.syncMarker.compare(held, at, at + SYNC_BYTES) !== 0)
      throw new ContainerError(
        "avro-container-corrupt",
        markerOffset,
        `the block at byte ${blockOffset} is not followed by the sync marker`,
      );
  }

  private async plain(data: Buffer, dataOffset: number): Promise<Buffer> {
    const most = Math.min(this.mostBytes, 200 * data.length + 1024 * 1024);
    try {
      const plain = this.decompress(data, most);
      return Buffer.isBuffer(plain) ? plain : await plain;
    } catch (error) {
      if (!(error instanceof CodecFault)) throw error;
      throw new ContainerError(`avro-container-${error.kind}`, dataOffset, error.message, { cause: error });
    }
  }

  /** The end of the first sync marker at `offset` or later; the end of the file when there is none. */
  async behindNextSync(offset: number): Promise<number> {
    for (let at = offset; at + SYNC_BYTES <= this.bytes.size; ) {
      const piece = await this.window.at(at, SYNC_BYTES);
      const found = piece.indexOf(this.header.syncMarker);
      if (found >= 0) return at + found + SYNC_BYTES;
      // The file became shorter.
      if (piece.length < SYNC_BYTES) break;
      at += piece.length - SYNC_BYTES + 1;
    }
    return this.bytes.size;
  }

  private truncated(what: string): ContainerError {
    return new ContainerError("avro-container-truncated", this.bytes.size, `the file ends inside ${what}`);
  }
}
