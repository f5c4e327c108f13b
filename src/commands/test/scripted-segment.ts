// Stands in for Segment's HTTP side: answers from a script, and remembers every request with its time.
//
// An answer is used up by the first request that it is for: any, or one of the destination that it names.

import type { TestCase } from "../../config/test-file.ts";
import { type Clock, sleep } from "../../engine/clock.ts";
import type { Answer, Poster, Post } from "../../sinks/segment/http-client.ts";
import { DeadlineError, StoppedError } from "../../sinks/segment/network-fault.ts";

export interface SeenRequest {
  readonly destination: string;
  readonly atMs: number;
  readonly events: number;
  readonly bytes: number;
  /** 0: the connection broke, or the answer came too late. */
  readonly status: number;
  readonly body: string;
}

type Scripted = TestCase["segment"][number];

const ACCEPTS: Pick<Scripted, "status" | "body" | "cut" | "afterMs" | "headers" | "retryAfter"> = {
  status: 200,
  body: "",
  cut: false,
  afterMs: 0,
};

export class ScriptedSegment implements Poster {
  readonly seen: SeenRequest[] = [];
  private readonly script: Scripted[];

  constructor(
    segment: TestCase["segment"],
    private readonly clock: Clock,
    private readonly timeoutMs: number,
  ) {
    this.script = segment.flatMap((answer) => Array.from({ length: answer.times }, () => answer));
  }

  async post(request: Post, signal: AbortSignal): Promise<Answer> {
    const { status, body, cut, afterMs, headers, retryAfter } = this.answerTo(request.lane) ?? ACCEPTS;
    const isLate = afterMs > this.timeoutMs;
    const noAnswer = cut === true || isLate;
    this.see(request, noAnswer ? 0 : status);
    if (afterMs > 0) await sleep(this.clock, Math.min(afterMs, this.timeoutMs), signal);
    if (signal.aborted) throw new StoppedError();
    if (isLate) throw new DeadlineError(this.timeoutMs);
    if (noAnswer) throw Object.assign(new Error("the script cuts the connection"), { code: "ECONNRESET" });
    const lowerCase = Object.entries(headers ?? {}).map(
      ([name, value]) => [name.toLowerCase(), value] as const,
    );
    return {
      status,
      headers: { "retry-after": retryAfter, ...Object.fromEntries(lowerCase) },
      // What was read before the cut is of no matter: the status alone decides.
      excerpt: cut === "after-status" ? "" : body,
    };
  }

  async close(): Promise<void> {}

  private answerTo(lane: string): Scripted | undefined {
    const index = this.script.findIndex(
      ({ destination }) => destination === undefined || destination === lane,
    );
    return index < 0 ? undefined : this.script.splice(index, 1)[0];
  }

  private see({ lane, body }: Post, status: number): void {
    const text = body.toString("utf8");
    const { batch } = JSON.parse(text) as { batch: readonly unknown[] };
    const atMs = Math.round(this.clock.nowMs());
    this.seen.push({ destination: lane, atMs, events: batch.length, bytes: body.length, status, body: text });
  }
}
