// The memory of the trace index: a bounded log of small entries in blocks of bytes. Bytes, because a million ids kept
// as strings would each be moved and marked by the collector; in here they cost what they weigh, and are found by
// `indexOf`.
//
// An entry: u32 length of the text, f64 time (Unix ms), u8 kind, u16 pipeline, u16 lines, then the text: a head, and
// the lines, each of fields. Ids come from outside: one that holds a separator makes an entry whose lines do not add
// up, and such an entry is passed over. Lengths are written by us alone, so no id can make up an entry.

export const FIELD = "\u001f";
export const LINE = "\n";

const HEADER_BYTES = 17;
const BLOCK_BYTES = 256 * 1024;

export interface TraceLimits {
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

/** About 130,000 events that were received and delivered. */
export const TRACE_LIMITS: TraceLimits = { maxBytes: 16 * 1024 * 1024, maxAgeMs: 3_600_000 };

export interface Entry {
  readonly atMs: number;
  readonly kind: string;
  readonly pipeline: number;
  readonly head: readonly string[];
  readonly lines: readonly (readonly string[])[];
}

interface Block {
  readonly bytes: Buffer;
  end: number;
  entries: number;
  firstAtMs: number;
  lastAtMs: number;
}

export class TraceLog {
  private readonly blocks: Block[] = [];
  private aged = false;

  constructor(private readonly limits: TraceLimits = TRACE_LIMITS) {}

  /** `text`: the head and `count` lines, each preceded by LINE. What does not fit a block is left out. */
  append(entry: { kind: number; pipeline: number; atMs: number; count: number; text: string }): void {
    const { kind, pipeline, atMs, count, text } = entry;
    // UTF-8 takes at most three bytes for each UTF-16 unit.
    const block = this.blockFor(HEADER_BYTES + text.length * 3, atMs);
    if (!block) return;
    const { bytes, end } = block;
    const length = bytes.write(text, end + HEADER_BYTES, "utf8");
    bytes.writeUInt32LE(length, end);
    bytes.writeDoubleLE(atMs, end + 4);
    bytes.writeUInt8(kind, end + 12);
    bytes.writeUInt16LE(pipeline, end + 13);
    bytes.writeUInt16LE(count, end + 15);
    block.end = end + HEADER_BYTES + length;
    block.lastAtMs = atMs;
    block.entries += 1;
  }

  /** Forgets what is too old. */
  forget(nowMs: number): void {
    while (this.blocks.length > 0 && nowMs - this.blocks[0]!.lastAtMs > this.limits.maxAgeMs) {
      this.blocks.shift();
      this.aged = true;
    }
  }

  get agedOut(): boolean {
    return this.aged;
  }

  /** Time of the oldest entry. */
  get sinceMs(): number | undefined {
    return this.blocks[0]?.firstAtMs;
  }

  get entries(): number {
    return this.blocks.reduce((sum, { entries }) => sum + entries, 0);
  }

  get bytes(): number {
    return this.blocks.length * BLOCK_BYTES;
  }

  get maxBytes(): number {
    return this.limits.maxBytes;
  }

  get maxAgeMs(): number {
    return this.limits.maxAgeMs;
  }

  /** Entries that hold one of `ids` somewhere, oldest first. Lets others work after each block. */
  async *having(ids: readonly string[], letOthersWork: () => Promise<void>): AsyncGenerator<Entry> {
    const needles = ids.map((id) => Buffer.from(id, "utf8"));
    for (const { bytes, end } of [...this.blocks]) {
      const used = bytes.subarray(0, end);
      const wanted = needles.filter((needle) => used.includes(needle));
      if (wanted.length > 0) yield* entriesOf(used, wanted);
      await letOthersWork();
    }
  }

  private blockFor(bytes: number, atMs: number): Block | undefined {
    const last = this.blocks.at(-1);
    if (last && last.end + bytes <= BLOCK_BYTES) return last;
    if (bytes > BLOCK_BYTES) return undefined;
    const isFull = (this.blocks.length + 1) * BLOCK_BYTES > this.limits.maxBytes;
    const old = isFull ? this.blocks.shift() : undefined;
    if (old) this.aged = true;
    const fresh: Block = {
      bytes: old?.bytes ?? Buffer.allocUnsafeSlow(BLOCK_BYTES),
      end: 0,
      entries: 0,
      firstAtMs: atMs,
      lastAtMs: atMs,
    };
    this.blocks.push(fresh);
    return fresh;
  }
}

function* entriesOf(bytes: Buffer, needles: readonly Buffer[]): Generator<Entry> {
  let at = 0;
  while (at < bytes.length) {
    const end = at + HEADER_BYTES + bytes.readUInt32LE(at);
    const text = bytes.subarray(at + HEADER_BYTES, end);
    if (needles.some((needle) => text.includes(needle))) {
      const entry = entryOf(bytes, at, text);
      if (entry) yield entry;
    }
    at = end;
  }
}

function entryOf(bytes: Buffer, at: number, text: Buffer): Entry | undefined {
  const [head = "", ...lines] = text.toString("utf8").split(LINE);
  if (lines.length !== bytes.readUInt16LE(at + 15)) return undefined;
  return {
    atMs: bytes.readDoubleLE(at + 4),
    kind: String.fromCharCode(bytes.readUInt8(at + 12)),
    pipeline: bytes.readUInt16LE(at + 13),
    head: head.split(FIELD),
    lines: lines.map((line) => line.split(FIELD)),
  };
}
