// The lines of one NDJSON stretch. Ends of lines are \n or \r\n; lines of blanks are not entries; a byte order
// mark at the head of the file is not part of its first line.

import type { Origin } from "../../engine/contracts.ts";
import type { DataBlock } from "../../engine/packed.ts";
import { blockId, Entry, type InputBlock } from "./input-block.ts";

const NEWLINE = 10;
const RETURN = 13;
const TAB = 9;
const SPACE = 32;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

export class LineStretch implements InputBlock, DataBlock {
  readonly end: number;
  readonly writerSchema = undefined;
  private known: Uint32Array | undefined;

  constructor(
    private readonly file: string,
    readonly offset: number,
    readonly body: Buffer,
    readonly bytesRead: number,
  ) {
    this.end = offset + body.length;
  }

  get isEmpty(): boolean {
    return isBlank(this.body, this.textStart(), this.body.length);
  }

  get data(): DataBlock {
    return this;
  }

  /** Lines that are entries; their ends and the blank lines behind them belong to them. */
  get borders(): Uint32Array {
    this.known ??= this.findBorders();
    return this.known;
  }

  origin(index: number): Origin {
    return this.line(index, blockId(this.file, this.offset));
  }

  *entries(): Generator<Origin> {
    const id = blockId(this.file, this.offset);
    for (let index = 0; index + 1 < this.borders.length; index++) yield this.line(index, id);
  }

  private line(index: number, id: string): Line {
    const { body, borders } = this;
    const start = borders[index]!;
    const newline = body.indexOf(NEWLINE, start);
    let end = newline < 0 ? body.length : newline;
    while (end > start && body[end - 1] === RETURN) end -= 1;
    return new Line(id, index, body, start, end);
  }

  private findBorders(): Uint32Array {
    const { body } = this;
    const borders: number[] = [];
    for (let start = this.textStart(); start < body.length; ) {
      const newline = body.indexOf(NEWLINE, start);
      const next = newline < 0 ? body.length : newline + 1;
      if (!isBlank(body, start, next)) borders.push(start);
      start = next;
    }
    borders.push(body.length);
    return Uint32Array.from(borders);
  }

  private textStart(): number {
    const marked = this.offset === 0 && this.body.subarray(0, 3).equals(BYTE_ORDER_MARK);
    return marked ? BYTE_ORDER_MARK.length : 0;
  }
}

class Line extends Entry {
  constructor(
    blockId: string,
    index: number,
    private readonly stretch: Buffer,
    private readonly start: number,
    private readonly end: number,
  ) {
    super(blockId, index);
  }

  get body(): Uint8Array {
    return this.stretch.subarray(this.start, this.end);
  }
}

function isBlank(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte !== SPACE && byte !== NEWLINE && byte !== RETURN && byte !== TAB) return false;
  }
  return true;
}
