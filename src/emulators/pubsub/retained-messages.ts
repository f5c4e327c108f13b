// Acknowledged messages of a subscription with `retain_acked_messages`, for Seek to bring back. Bounded; the
// oldest go first. (The service keeps them for a time; a local server's time is short, its memory too.)

import { Deque } from "./deque.ts";
import type { StoredMessage } from "./message.ts";

export class RetainedMessages {
  private readonly messages = new Deque<StoredMessage>();
  private bytes = 0;

  constructor(
    private readonly maxMessages: number,
    private readonly maxBytes: number,
  ) {}

  get length(): number {
    return this.messages.length;
  }

  add(message: StoredMessage): void {
    this.messages.push(message);
    this.bytes += message.wire.length;
    while (this.messages.length > this.maxMessages || this.bytes > this.maxBytes) {
      this.bytes -= this.messages.shift()?.wire.length ?? 0;
    }
  }

  /** Removes and yields what was published at `fromMs` (Unix ms) or later, oldest publish first. */
  takeFrom(fromMs: number): StoredMessage[] {
    const taken: StoredMessage[] = [];
    this.messages.removeWhere((message) => {
      if (message.publishedAtMs < fromMs) return false;
      this.bytes -= message.wire.length;
      taken.push(message);
      return true;
    });
    return taken.sort((a, b) => a.id - b.id);
  }
}
