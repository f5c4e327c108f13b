// What one stream has been sent and has not yet settled, against what it allowed in its first request. "The server
// stops sending when there are max_outstanding_messages, or max_outstanding_bytes or more": so bytes may overshoot
// by one message. Zero or less means no limit.

export class FlowWindow {
  messages = 0;
  bytes = 0;
  readonly maxMessages: number;
  readonly maxBytes: number;

  constructor(maxMessages: number, maxBytes: number) {
    this.maxMessages = maxMessages > 0 ? maxMessages : Number.POSITIVE_INFINITY;
    this.maxBytes = maxBytes > 0 ? maxBytes : Number.POSITIVE_INFINITY;
  }

  get roomMessages(): number {
    return this.bytes >= this.maxBytes ? 0 : Math.max(0, this.maxMessages - this.messages);
  }

  get roomBytes(): number {
    return Math.max(0, this.maxBytes - this.bytes);
  }

  hold(bytes: number): void {
    this.messages++;
    this.bytes += bytes;
  }

  release(bytes: number): void {
    this.messages--;
    this.bytes -= bytes;
  }
}
