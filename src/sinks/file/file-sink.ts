// Writes one line of JSON for each value, a batch with one write. A batch is there whole or not at all, as far as the
// file system lets us say: after a failed write the file is cut back to the line before.

import type { Batch, BatchLimits, LaneSettings, Sink } from "../../engine/contracts.ts";
import { RunError, toError } from "../../engine/errors.ts";
import { writeItems } from "../../engine/packed.ts";
import { diskFault } from "./disk-fault.ts";
import { jsonLine } from "./json-line.ts";
import type { Segments } from "./segments.ts";

const MIB = 1024 * 1024;
const NEWLINE = 10;
const MOST_KEPT_BYTES = 8 * MIB;

export const lineLimits: BatchLimits = {
  count: 4_096,
  bytes: 4 * MIB,
  itemBytes: 64 * MIB,
  envelopeBytes: 0,
  separatorBytes: 1,
};

/** One lane, no rates, one write at a time: lines keep their order and never mix. */
export const oneLane: LaneSettings = {
  rates: {
    events: Number.POSITIVE_INFINITY,
    requests: Number.POSITIVE_INFINITY,
    bytes: Number.POSITIVE_INFINITY,
  },
  concurrency: 1,
  lingerMs: 0,
  probeMs: 10_000,
};

export class FileSink implements Sink {
  readonly limits = lineLimits;
  /** What is written goes through here: one write is under way at a time, and a new buffer each would cost more. */
  private space = Buffer.alloc(0);

  constructor(
    private readonly path: string,
    private readonly segments: Segments,
    private readonly durable: boolean,
  ) {}

  laneOf(): string {
    return "main";
  }

  laneSettings(): LaneSettings {
    return oneLane;
  }

  encode(value: unknown): string {
    return jsonLine(value);
  }

  async write(batch: Batch): Promise<undefined> {
    const lines = this.linesOf(batch);
    try {
      await this.writeLines(lines);
    } catch (error) {
      throw diskFault(this.path, "write to", error);
    }
  }

  async probe(): Promise<void> {
    try {
      await this.segments.check();
    } catch (error) {
      throw diskFault(this.path, "open", error);
    }
  }

  /** Everything written is on the disk afterwards. Throws RunError `file-not-saved`. */
  async close(): Promise<void> {
    try {
      await this.segments.end();
    } catch (error) {
      const why = toError(error).message;
      throw new RunError("file-not-saved", `The last lines of ${this.path} may be lost: ${why}`, {
        cause: error,
      });
    }
  }

  private linesOf(batch: Batch): Buffer {
    const bytes = bytesOf(batch);
    if (bytes > MOST_KEPT_BYTES) return linesOf(batch);
    if (this.space.length < bytes) this.space = Buffer.allocUnsafeSlow(Math.min(MOST_KEPT_BYTES, bytes * 2));
    return this.space.subarray(0, writeItems(batch.items, this.space, 0, NEWLINE));
  }

  private async writeLines(lines: Buffer): Promise<void> {
    const file = await this.segments.file();
    try {
      await file.write(lines, this.durable);
    } catch (error) {
      // The next write opens it again. What cannot be cut or closed now is no news: `error` is.
      if (file.isTorn) await this.segments.end().catch(() => {});
      throw error;
    }
  }
}

/** Each text is written into place: a third of the time of joining strings and encoding the result. */
export function linesOf(batch: Batch): Buffer {
  const lines = Buffer.allocUnsafe(bytesOf(batch));
  writeItems(batch.items, lines, 0, NEWLINE);
  return lines;
}

/** Newlines included. */
function bytesOf(batch: Batch): number {
  let total = 0;
  for (const item of batch.items) total += item.bytes + 1;
  return total;
}
