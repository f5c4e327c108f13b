// `timestamp` and `messageId` as bytes: timestamp.ts and message-id.ts of transforms/segment-event.

import { hash } from "node:crypto";

import type { ByteWriter } from "./byte-writer.ts";
import { notPlain } from "./places.ts";

const SECONDS = 256;
/** `2026-01-01T00:00:00` */
const TO_SECOND = 19;
const ZERO = 0x30;

/** The part up to the second is remembered for a while: neighbours are mostly of the last minutes. */
export class TimeBytes {
  private readonly seconds = new Float64Array(SECONDS).fill(Number.NaN);
  private readonly texts = new Uint8Array(SECONDS * TO_SECOND);

  /** `ms` is whole, between 1 and the end of the year 9999. */
  write(out: ByteWriter, ms: number): void {
    const second = Math.floor(ms / 1_000);
    const place = second % SECONDS;
    if (this.seconds[place] !== second) {
      const text = new Date(second * 1_000).toISOString();
      for (let i = 0; i < TO_SECOND; i++) this.texts[place * TO_SECOND + i] = text.charCodeAt(i);
      this.seconds[place] = second;
    }
    out.raw(this.texts, place * TO_SECOND, (place + 1) * TO_SECOND);
    const rest = ms - second * 1_000;
    out.byte(0x2e);
    out.byte(ZERO + Math.floor(rest / 100));
    out.byte(ZERO + (Math.floor(rest / 10) % 10));
    out.byte(ZERO + (rest % 10));
    out.byte(0x5a);
  }
}

/** More than any id of LaunchDarkly's; a longer one is left to the stages. */
const MAX_ID = 128;

/** The beginning of what is hashed, the same for every event of one environment and destination. */
export class IdInput {
  private readonly bytes: Buffer;
  private readonly prefixLength: number;
  private views: Buffer[] = [];

  constructor(prefix: string) {
    const length = Buffer.byteLength(prefix);
    this.bytes = Buffer.alloc(length + 8 + MAX_ID);
    this.prefixLength = this.bytes.write(prefix);
  }

  /** `ld-` and the rest, for the event whose id is `buf[from..to)`. */
  messageId(buf: Buffer, from: number, to: number): string {
    const length = to - from;
    if (length === 0 || length > MAX_ID) throw notPlain;
    const { bytes } = this;
    let at = this.prefixLength;
    bytes[at++] = 0x69; // i
    if (length >= 100) bytes[at++] = ZERO + 1;
    if (length >= 10) bytes[at++] = ZERO + (Math.floor(length / 10) % 10);
    bytes[at++] = ZERO + (length % 10);
    bytes[at++] = 0x3a;
    for (let i = from; i < to; i++) {
      const byte = buf[i]!;
      // The length that is hashed counts UTF-16 units.
      if (byte >= 0x80) throw notPlain;
      bytes[at++] = byte;
    }
    this.views[at] ??= bytes.subarray(0, at);
    return hash("sha256", this.views[at]!, "base64url");
  }
}
