// The data of one container block, each an entry: archived messages unwrapped, anything else as a bare datum
// with its writer schema.

import type { Origin, WriterSchema } from "../../engine/contracts.ts";
import type { DataBlock } from "../../engine/packed.ts";
import type { Archive, Parts } from "./archive.ts";
import { blockId, Entry, type InputBlock } from "./input-block.ts";

/** What holds for every block of one container file. */
export interface ContainerContent {
  readonly file: string;
  readonly writerSchema: WriterSchema;
  readonly archive: Archive | undefined;
}

export class DatumBlock implements InputBlock, DataBlock {
  constructor(
    private readonly content: ContainerContent,
    readonly offset: number,
    readonly end: number,
    readonly body: Buffer,
    /** Datum i is `body[borders[i]..borders[i + 1])`. */
    readonly borders: Uint32Array,
  ) {}

  get bytesRead(): number {
    return this.end;
  }

  get isEmpty(): boolean {
    return this.borders.length <= 1;
  }

  /** The data of an archive are messages, each with attributes of its own. */
  get data(): DataBlock | undefined {
    return this.content.archive ? undefined : this;
  }

  get writerSchema(): WriterSchema {
    return this.content.writerSchema;
  }

  origin(index: number): Origin {
    const { body, borders, content } = this;
    const id = blockId(content.file, this.offset);
    return new Datum(id, index, body, borders[index]!, borders[index + 1]!, content.writerSchema);
  }

  *entries(): Generator<Origin> {
    const { body, borders, content } = this;
    const { archive, writerSchema } = content;
    const id = blockId(content.file, this.offset);
    for (let index = 0; index + 1 < borders.length; index++) {
      const start = borders[index]!;
      const end = borders[index + 1]!;
      if (archive) {
        const parts = archive.locate(body, start, end);
        yield new Message(id, index, body, parts, archive, archive.unwraps ? undefined : writerSchema);
      } else {
        yield new Datum(id, index, body, start, end, writerSchema);
      }
    }
  }
}

class Datum extends Entry {
  constructor(
    blockId: string,
    index: number,
    private readonly block: Buffer,
    private readonly start: number,
    private readonly end: number,
    private readonly schema: WriterSchema,
  ) {
    super(blockId, index);
  }

  get body(): Uint8Array {
    return this.block.subarray(this.start, this.end);
  }

  override get writerSchema(): WriterSchema {
    return this.schema;
  }
}

class Message extends Entry {
  private known: Readonly<Record<string, string>> | undefined;

  constructor(
    blockId: string,
    index: number,
    private readonly block: Buffer,
    private readonly parts: Parts,
    private readonly archive: Archive,
    private readonly schema: WriterSchema | undefined,
  ) {
    super(blockId, index);
  }

  get body(): Uint8Array {
    return this.block.subarray(this.parts.bodyStart, this.parts.bodyEnd);
  }

  override get attributes(): Readonly<Record<string, string>> {
    this.known ??= this.archive.attributes(this.block, this.parts);
    return this.known;
  }

  override get publishedAtMs(): number {
    return this.archive.publishedAtMs(this.block, this.parts);
  }

  override get writerSchema(): WriterSchema | undefined {
    return this.schema;
  }
}
