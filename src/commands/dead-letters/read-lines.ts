// The lines of a file, one by one, in little memory: a line that is longer than any letter is not collected.

import { open } from "node:fs/promises";

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Undefined: it is longer than `maxBytes`. */
  readonly bytes: Buffer | undefined;
  /** The file ends before the line does. */
  readonly isTorn: boolean;
  /** Bytes of the file behind this line. */
  readonly end: number;
}

const STRETCH = 256 * 1024;
const NEWLINE = 10;

/** Reads the first `length` bytes. Empty lines are counted, not yielded. */
export async function* readLines(
  path: string,
  { length, maxBytes }: { readonly length: number; readonly maxBytes: number },
): AsyncGenerator<Line> {
  const file = await open(path, "r");
  const collector = new Collector(maxBytes);
  let number = 1;
  try {
    for (let at = 0; at < length; ) {
      const { bytesRead, buffer } = await file.read(
        Buffer.allocUnsafe(STRETCH),
        0,
        Math.min(STRETCH, length - at),
        at,
      );
      // Shorter than when it was found: somebody cut it.
      if (bytesRead === 0) break;
      let start = 0;
      for (;;) {
        const newline = buffer.subarray(0, bytesRead).indexOf(NEWLINE, start);
        if (newline < 0) break;
        const line = collector.end(buffer.subarray(start, newline));
        start = newline + 1;
        if (!line || line.length > 0) yield { number, bytes: line, isTorn: false, end: at + start };
        number += 1;
      }
      collector.add(buffer.subarray(start, bytesRead));
      at += bytesRead;
    }
    if (collector.size > 0) yield { number, bytes: collector.end(), isTorn: true, end: length };
  } finally {
    await file.close();
  }
}

class Collector {
  size = 0;
  private parts: Buffer[] = [];

  constructor(private readonly maxBytes: number) {}

  add(part: Buffer): void {
    this.size += part.length;
    if (this.size > this.maxBytes) this.parts = [];
    else if (part.length > 0) this.parts.push(part);
  }

  /** The whole line; undefined when it was too long. */
  end(last: Buffer = Buffer.alloc(0)): Buffer | undefined {
    this.add(last);
    const { parts, size } = this;
    this.parts = [];
    this.size = 0;
    if (size > this.maxBytes) return undefined;
    return parts.length === 1 ? parts[0] : Buffer.concat(parts);
  }
}
