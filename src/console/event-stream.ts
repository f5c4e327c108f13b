// Server-sent events (WHATWG HTML, "Server-sent events") to one reader, with a bound: what does not fit the buffer is not
// sent, and nobody waits. A reader that stops reading costs its buffer and no more.

import { Readable } from "node:stream";

/** Unread bytes from which on nothing more is taken. */
const MAX_UNREAD_BYTES = 256 * 1024;

export class EventStream {
  readonly readable: Readable;
  private ended = false;

  /** `onClose`: the reader left, or `end` was called; exactly once. */
  constructor(onClose: () => void) {
    this.readable = new Readable({ read: () => {}, highWaterMark: MAX_UNREAD_BYTES });
    this.readable.once("close", () => {
      this.ended = true;
      onClose();
    });
    // The reader left in the middle of an event: that is how streams end.
    this.readable.on("error", () => {});
    // Asks a proxy not to hold back, and a browser to come again after two seconds.
    this.readable.push("retry: 2000\n\n");
  }

  /** `json` has no line breaks. False: there was no room. */
  send(event: string, json: string): boolean {
    if (this.ended || this.readable.readableLength > MAX_UNREAD_BYTES) return false;
    this.readable.push(`event: ${event}\ndata: ${json}\n\n`);
    return true;
  }

  /** What was sent is still delivered, and a last event after it, room or not. */
  end(event: string, json: string): void {
    if (this.ended) return;
    this.ended = true;
    this.readable.push(`event: ${event}\ndata: ${json}\n\n`);
    this.readable.push(null);
  }
}
