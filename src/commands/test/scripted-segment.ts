// Stands in for Segment's HTTP side: answers from a script, and remembers every request with its time.

import { gunzipSync } from "node:zlib";

import type { TestCase } from "../../config/test-file.ts";
import type { Clock } from "../../engine/clock.ts";
import type { Answer, Poster, Post } from "../../sinks/segment/http-client.ts";

export interface SeenRequest {
  readonly atMs: number;
  readonly events: number;
  /** 0: the connection broke. */
  readonly status: number;
}

export class ScriptedSegment implements Poster {
  readonly seen: SeenRequest[] = [];
  private readonly script: TestCase["segment"];

  constructor(
    segment: TestCase["segment"],
    private readonly clock: Clock,
  ) {
    this.script = segment.flatMap((answer) => Array.from({ length: answer.times }, () => answer));
  }

  async post(request: Post): Promise<Answer> {
    const answer = this.script[this.seen.length];
    const { batch } = JSON.parse(textOf(request)) as { batch: readonly unknown[] };
    const status = answer?.cut ? 0 : (answer?.status ?? 200);
    this.seen.push({ atMs: Math.round(this.clock.nowMs()), events: batch.length, status });
    if (answer?.cut) throw Object.assign(new Error("the script cuts the connection"), { code: "ECONNRESET" });
    return { status, headers: { "retry-after": answer?.retryAfter }, excerpt: answer?.body ?? "" };
  }

  async close(): Promise<void> {}
}

function textOf({ headers, body }: Post): string {
  return (headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString("utf8");
}
