import type { Writable } from "node:stream";

import { Type } from "typebox";

import { type Batch, defineSink, type LaneSettings, type Sink } from "../engine/contracts.ts";
import { RunError, SinkFault, toError } from "../engine/errors.ts";
import { lineLimits, linesOf, oneLane } from "./file/file-sink.ts";
import { jsonLine, jsonLineRejects } from "./file/json-line.ts";

/** Any value in, one line of JSON out. Waits for whoever reads; when the reader goes away, the run ends. */
export default defineSink({
  type: "stdout",
  summary: "Writes one line of JSON (NDJSON) for each event to standard output.",
  accepts: "any",
  config: Type.Object({}, { additionalProperties: false }),
  example: {},
  rejects: jsonLineRejects,
  create: () => new StdoutSink(process.stdout),
});

export class StdoutSink implements Sink {
  readonly limits = lineLimits;
  private failure: Error | undefined;
  private readonly remember = (error: Error) => {
    this.failure ??= error;
  };

  constructor(private readonly out: Writable) {
    // Without a listener, a closed pipe would be an uncaught exception.
    out.on("error", this.remember);
  }

  laneOf(): string {
    return "main";
  }

  laneSettings(): LaneSettings {
    return oneLane;
  }

  encode(value: unknown): string {
    return jsonLine(value);
  }

  /** Resolves when the lines have left this process. Throws RunError `output-closed`: nobody will ever read on. */
  async write(batch: Batch, signal: AbortSignal): Promise<undefined> {
    if (this.failure) throw closed(this.failure);
    await new Promise<void>((resolve, reject) => {
      const giveUp = () =>
        reject(
          new SinkFault("unavailable", "Nobody read standard output before the stop.", { code: "stopped" }),
        );
      signal.addEventListener("abort", giveUp, { once: true });
      this.out.write(linesOf(batch), (error) => {
        signal.removeEventListener("abort", giveUp);
        if (error) reject(closed(error));
        else resolve();
      });
    });
  }

  async probe(): Promise<void> {
    if (this.failure) throw closed(this.failure);
  }

  async close(): Promise<void> {
    this.out.off("error", this.remember);
  }
}

function closed(cause: unknown): RunError {
  const { message } = toError(cause);
  return new RunError("output-closed", `Standard output was closed by its reader (${message}).`, { cause });
}
