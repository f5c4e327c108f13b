// One POST to the tracking API: read, count, maybe misbehave, refuse (400), slow down (429), or take (200).

import type { IncomingMessage, ServerResponse } from "node:http";

import type { Clock } from "../../engine/clock.ts";
import { accepts, type FaultRule, type FaultScript } from "./faults.ts";
import { type Incoming, isIngestPath, MAX_BATCH_BYTES, type Refusal, readIncoming } from "./incoming.ts";
import { playFault } from "./play-fault.ts";
import { readBody } from "./read-body.ts";
import { Ring } from "./ring.ts";
import { SlidingSecond } from "./sliding-second.ts";
import type { Workspace } from "./workspace.ts";

/** Per second; Infinity means no limit. */
export interface SegmentRates {
  readonly events: number;
  readonly requests: number;
}

export interface IngestOptions {
  readonly retryAfterSeconds: number;
  readonly keepRequests: number;
  readonly recordBodies: boolean;
}

/** One request as it came in, whatever became of it. */
export interface ReceivedRequest {
  /** Monotonic and wall clock of the server, when the body was complete. */
  readonly atMs: number;
  readonly at: string;
  readonly path: string;
  readonly events: number;
  readonly bytes: number;
  readonly writeKey: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer | undefined;
  /** Tells connections apart. */
  readonly remotePort: number | undefined;
  /** "none": a fault took the answer away; undefined: not answered yet. */
  status: number | "none" | undefined;
}

type Verdict =
  | { readonly status: 200; readonly incoming: Incoming }
  | { readonly status: 400; readonly refusal: Refusal }
  | { readonly status: 429 };

const SUCCESS = '{"success":true}';

export class IngestHandler {
  private readonly takenEvents = new SlidingSecond();
  private readonly takenRequests = new SlidingSecond();
  private readonly received: Ring<ReceivedRequest>;
  private requestNumber = 0;
  private rates: SegmentRates = { events: Number.POSITIVE_INFINITY, requests: Number.POSITIVE_INFINITY };

  constructor(
    private readonly workspace: Workspace,
    private readonly faults: FaultScript,
    private readonly clock: Clock,
    private readonly options: IngestOptions,
  ) {
    this.received = new Ring(options.keepRequests);
  }

  setRates(rates: Partial<SegmentRates>): void {
    this.rates = { ...this.rates, ...rates };
  }

  requests(limit?: number): ReceivedRequest[] {
    return this.received.newestFirst(limit);
  }

  /** False when the request is not for the tracking API. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const path = request.url?.split("?", 1)[0] ?? "/";
    // As the edge in front of Segment names each request; whatever is answered carries it.
    response.setHeader("x-request-id", `local-${++this.requestNumber}`);
    if (request.method !== "POST" || !isIngestPath(path)) return false;
    if (this.faults.pick({ path })) {
      this.workspace.faultsPlayed++;
      this.workspace.countRequest(0, 0);
      this.workspace.countAnswer("none");
      request.socket.resetAndDestroy();
      return true;
    }
    // Twice the limit is read to answer in order; beyond that the connection is given up.
    readBody(request, MAX_BATCH_BYTES * 2, (body) => {
      if (body) this.answer(path, request, body, response);
      else this.refuseUnread(response);
    });
    return true;
  }

  private answer(path: string, request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const { headers } = request;
    const incoming = readIncoming({
      path,
      contentType: headers["content-type"],
      contentEncoding: headers["content-encoding"],
      authorization: headers.authorization,
      body,
    });
    const writeKey = "events" in incoming ? incoming.writeKey : "";
    const events = "events" in incoming ? incoming.events.length : 0;
    this.workspace.countRequest(body.length, events);
    const entry = this.record(
      { path, events, bytes: body.length, writeKey, headers, remotePort: request.socket.remotePort },
      body,
    );
    const rule = this.faults.pick({ path, writeKey, body });
    const act = (): void => {
      entry.status = rule ? this.misbehave(rule, incoming, response) : this.behave(incoming, response);
      this.workspace.countAnswer(entry.status);
    };
    if (rule?.delayMs === undefined) act();
    else response.once("close", this.clock.after(rule.delayMs, act));
  }

  private misbehave(
    rule: FaultRule,
    incoming: Incoming | Refusal,
    response: ServerResponse,
  ): number | "none" {
    this.workspace.faultsPlayed++;
    if (rule.action.kind === "answer") return this.behave(incoming, response);
    if (accepts(rule) && "events" in incoming) this.workspace.take(incoming);
    return playFault(rule.action, response, this.clock);
  }

  private behave(incoming: Incoming | Refusal, response: ServerResponse): number {
    const verdict = this.judge(incoming);
    if (verdict.status === 200) {
      this.workspace.take(verdict.incoming);
      response.writeHead(200, {
        "content-type": "application/json",
        "content-length": String(SUCCESS.length),
      });
      response.end(SUCCESS);
    } else if (verdict.status === 429) {
      const seconds = String(this.options.retryAfterSeconds);
      response
        .writeHead(429, {
          "content-type": "application/json",
          "retry-after": seconds,
          "x-ratelimit-reset": seconds,
        })
        .end('{"success":false,"code":"rate_limited","message":"Too Many Requests"}');
    } else
      response
        .writeHead(400, { "content-type": "application/json" })
        .end(JSON.stringify({ success: false, ...verdict.refusal }));
    return verdict.status;
  }

  private judge(incoming: Incoming | Refusal): Verdict {
    if (!("events" in incoming)) return { status: 400, refusal: incoming };
    const nowMs = this.clock.nowMs();
    const { events, requests } = this.rates;
    if (
      !this.takenRequests.fits(nowMs, 1, requests) ||
      !this.takenEvents.fits(nowMs, incoming.events.length, events)
    )
      return { status: 429 };
    this.takenRequests.add(nowMs, 1);
    this.takenEvents.add(nowMs, incoming.events.length);
    return { status: 200, incoming };
  }

  private record(
    what: Pick<ReceivedRequest, "path" | "events" | "bytes" | "writeKey" | "headers" | "remotePort">,
    body: Buffer,
  ): ReceivedRequest {
    const entry: ReceivedRequest = {
      atMs: this.clock.nowMs(),
      at: new Date(this.clock.wallMs()).toISOString(),
      ...what,
      body: this.options.recordBodies ? body : undefined,
      status: undefined,
    };
    this.received.push(entry);
    return entry;
  }

  private refuseUnread(response: ServerResponse): void {
    this.workspace.countRequest(0, 0);
    this.workspace.countAnswer(400);
    response
      .writeHead(400, { "content-type": "application/json", connection: "close" })
      .end('{"success":false,"code":"payload_too_large","message":"the body is too large to be read"}');
  }
}
