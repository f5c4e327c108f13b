// Between the stream and the engine: messages are offered in the order they came, and wait in a buffer while the
// engine has no room. Offering costs nothing asynchronous while there is room.
//
// open -> [an offer has to wait] -> waiting (all others are buffered) -> [admitted] -> open
// any -> stopped: the buffer is handed back to the source; the waiting offer is the engine's to give back.

import type { Intake } from "../../engine/contracts.ts";
import type { HeldMessage } from "./held-message.ts";

/** Buffered messages are compacted when so many at the front are gone. */
const COMPACT_AT = 1_024;

export interface OffersOptions {
  readonly intake: Intake;
  /** Asked just before an offer: true when the message is not worth it any more; the source has dealt with it. */
  skip(message: HeldMessage): boolean;
  /** The engine refused in a way it never should. */
  failed(error: unknown): void;
}

export class Offers {
  private buffer: HeldMessage[] = [];
  private head = 0;
  private waiting = false;
  private stopped = false;

  constructor(private readonly options: OffersOptions) {}

  take(message: HeldMessage): void {
    if (this.waiting || this.stopped) this.buffer.push(message);
    else this.offer(message);
  }

  /** Nothing is offered any more. Returns what was not. */
  stop(): readonly HeldMessage[] {
    this.stopped = true;
    const rest = this.buffer.slice(this.head);
    this.buffer = [];
    this.head = 0;
    return rest;
  }

  private offer(message: HeldMessage): void {
    if (this.options.skip(message)) return;
    let room: Promise<void> | undefined;
    try {
      room = this.options.intake.offer(message);
    } catch (error) {
      // A bug of the engine. It must end the run, not the gRPC connection that this is called from.
      this.options.failed(error);
    }
    if (!room) return;
    this.waiting = true;
    room.then(
      () => {
        this.waiting = false;
        this.drain();
      },
      (error: unknown) => this.options.failed(error),
    );
  }

  private drain(): void {
    while (!this.waiting && this.head < this.buffer.length) {
      const message = this.buffer[this.head++];
      if (message) this.offer(message);
    }
    if (this.head === this.buffer.length) {
      this.buffer = [];
      this.head = 0;
    } else if (this.head >= COMPACT_AT) {
      this.buffer.splice(0, this.head);
      this.head = 0;
    }
  }
}
