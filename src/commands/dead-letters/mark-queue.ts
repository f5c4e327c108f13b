// Marks on their way to the disk.
//
//   idle --(mark)--> writing --(none waits)--> idle
//                       `----(cannot write)--> failed: nothing is written any more, `room` and `close` throw
//
// Those that come while a write is under way are written together, with one fsync. The source waits for room, so that
// what was sent and is not marked stays bounded.

import { RunError, toError } from "../../engine/errors.ts";
import type { Mark } from "./redriven.ts";

/** Most events that are dealt with and not marked yet; a crash sends them again. */
const MOST_WAITING = 1_000;

export class MarkQueue {
  private waiting: Mark[] = [];
  private writing: Promise<void> | undefined;
  private failure: RunError | undefined;

  constructor(private readonly write: (marks: readonly Mark[]) => Promise<void>) {}

  add(mark: Mark): void {
    this.waiting.push(mark);
    this.writing ??= this.writeAll();
  }

  /** Throws RunError `marks-not-written`. */
  async room(): Promise<void> {
    if (this.waiting.length >= MOST_WAITING) await this.writing;
    if (this.failure) throw this.failure;
  }

  /** All marks are on the disk when this resolves. Throws RunError `marks-not-written`. */
  async close(): Promise<void> {
    await this.writing;
    if (this.failure) throw this.failure;
  }

  private async writeAll(): Promise<void> {
    while (this.waiting.length > 0 && !this.failure) {
      const marks = this.waiting;
      this.waiting = [];
      try {
        await this.write(marks);
      } catch (error) {
        this.failure = new RunError(
          "marks-not-written",
          `What was redriven cannot be noted beside the letters (${toError(error).message}). The next redrive will send it again, with the same message ids.`,
          { cause: error },
        );
      }
    }
    this.writing = undefined;
  }
}
