// What every input format is cut into: one block is one record with one receipt, however many entries it holds.

import type { Origin, Settlement, SourceRecord } from "../../engine/contracts.ts";
import type { DataError } from "../../engine/errors.ts";
import type { DataBlock } from "../../engine/packed.ts";
import type { FileProgress, Mark } from "./file-progress.ts";

export interface InputBlock {
  /** Where it begins: a byte offset in the file, of the unpacked text in a gzip file. */
  readonly offset: number;
  /** Where reading goes on once this block is settled; same unit as `offset`. */
  readonly end: number;
  /** Bytes of the file on disk that are behind us after this block. */
  readonly bytesRead: number;
  /** The block as read; its length is what the block costs in memory. */
  readonly body: Uint8Array;
  /** Holds no entries: nothing to hand over. */
  readonly isEmpty: boolean;
  /** Throws DataError when the block as a whole is bad. */
  entries(): Iterable<Origin>;
  /** Set when its data may be taken whole. */
  readonly data?: DataBlock | undefined;
}

export const noAttributes: Readonly<Record<string, string>> = Object.freeze({});

/** What is known of an entry before its format has a say. Getters, so that listing entries costs next to nothing. */
export abstract class Entry implements Origin {
  readonly attempt = 1;

  constructor(
    /** `file:offset` of its block. */
    private readonly blockId: string,
    /** Counts from 0 within its block. */
    private readonly index: number,
  ) {}

  get id(): string {
    return `${this.blockId}#${this.index}`;
  }

  abstract get body(): Uint8Array;

  get attributes(): Readonly<Record<string, string>> {
    return noAttributes;
  }

  get publishedAtMs(): number {
    return 0;
  }

  get writerSchema(): Origin["writerSchema"] {
    return undefined;
  }
}

export function blockId(file: string, offset: number): string {
  return `${file}:${offset}`;
}

/** A part of a file that is handed over only to become one dead letter. */
export class BadBlock implements InputBlock {
  readonly isEmpty = false;

  constructor(
    readonly offset: number,
    readonly end: number,
    readonly bytesRead: number,
    readonly body: Uint8Array,
    private readonly reason: DataError,
  ) {}

  entries(): Iterable<Origin> {
    throw this.reason;
  }
}

/** A block on its way through the engine. */
export class BlockRecord implements SourceRecord {
  readonly id: string;
  readonly body: Uint8Array;
  readonly attributes = noAttributes;
  readonly publishedAtMs = 0;
  readonly attempt = 1;
  readonly writerSchema = undefined;

  constructor(
    file: string,
    private readonly input: InputBlock,
    private readonly progress: FileProgress,
    private readonly mark: Mark,
  ) {
    this.id = blockId(file, input.offset);
    this.body = input.body;
  }

  /** Not a method: the engine calls it by itself. */
  readonly entries = (): Iterable<Origin> => this.input.entries();

  get block(): DataBlock | undefined {
    return this.input.data;
  }

  settle(how: Settlement): void {
    // What is given back stays where it is: the next run begins there.
    if (how === "ack") this.progress.settled(this.mark);
  }
}
