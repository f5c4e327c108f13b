// Events to Segment's batch endpoint, one lane per destination.
//
// A write is one POST and one decision (outcome.ts, network-fault.ts); retries, pauses, bisecting and parking
// are the engine's. The write key is read at each attempt and kept nowhere, so a rotated key works with the
// next request and every request carries the key of exactly one version of its destination.

import type { Batch, BatchLimits, Encoded, LaneSettings, RunContext, Sink } from "../../engine/contracts.ts";
import { DataError, SinkFault, toError } from "../../engine/errors.ts";
import type { SegmentEvent } from "../../events/segment-event.ts";
import { checkMessage } from "./check-message.ts";
import { type Answer, HttpClient, type Post, type Poster } from "./http-client.ts";
import { bare, isClientBug, networkCode, wasSurelyNotTaken } from "./network-fault.ts";
import { outcomeOf } from "./outcome.ts";
import { buildBody, envelopeBytes } from "./request-body.ts";
import { oneLine, scrub } from "./scrub.ts";
import { type Target, targetOf } from "./target.ts";

export interface SegmentSinkConfig {
  readonly concurrency: number;
  readonly lingerMs: number;
  readonly probeMs: number;
  readonly maxRetryMs: number;
  readonly timeoutMs: number;
  readonly connectionTtlMs: number;
  readonly maxBatchEvents: number;
  readonly maxBatchBytes: number;
  readonly maxEventBytes: number;
}

/** Resolves when a request of so many bytes may go. */
export type Reserve = (bytes: number, signal: AbortSignal) => Promise<void>;

/** One event that was sent to see what happens; nothing in it holds the write key. */
export interface TryOut {
  readonly request: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
  /** Undefined: no answer came. */
  readonly status: number | undefined;
  /** The beginning of the answer's body. */
  readonly excerpt: string;
  readonly latencyMs: number;
  /** Undefined: accepted with 2xx. */
  readonly fault: SinkFault | undefined;
}

const UNLIMITED = Number.POSITIVE_INFINITY;
const UNLIMITED_RATES = { events: UNLIMITED, requests: UNLIMITED, bytes: UNLIMITED };
const SHOWN_CHARACTERS = 1_024;
// What a batch of nothing may be answered with once route and key were looked at.
const EMPTY_BATCH_ANSWERS = new Set(["http-400", "http-422"]);

export class SegmentSink implements Sink<SegmentEvent> {
  readonly limits: BatchLimits;

  constructor(
    private readonly config: SegmentSinkConfig,
    private readonly context: RunContext,
    private readonly version: string,
    private readonly client: Poster = new HttpClient(context.clock, config),
  ) {
    this.limits = {
      count: config.maxBatchEvents,
      bytes: config.maxBatchBytes,
      itemBytes: config.maxEventBytes,
      envelopeBytes: envelopeBytes(version),
      separatorBytes: 1,
    };
  }

  laneOf(event: SegmentEvent): string {
    return event.destination.id;
  }

  laneSettings(lane: string): LaneSettings {
    const { concurrency, lingerMs, probeMs, maxRetryMs } = this.config;
    const destination = this.context.destinations.get(lane);
    if (destination?.on)
      return { rates: destination.config.rates, concurrency, lingerMs, probeMs, maxRetryMs };
    // A destination that is gone needs no rate: its writes are refused before they reach the network.
    return { rates: UNLIMITED_RATES, concurrency, lingerMs: 0, probeMs, isGone: true };
  }

  encode(event: SegmentEvent): string {
    checkMessage(event.message);
    const text = stringify(event);
    const { maxEventBytes } = this.config;
    // A UTF-16 unit takes at most three bytes, so most events need no second look.
    if (text.length * 3 > maxEventBytes && Buffer.byteLength(text) > maxEventBytes)
      throw new DataError(
        "segment-event-too-large",
        `message ${event.message.messageId} has ${Buffer.byteLength(text)} bytes; the limit is ${maxEventBytes}.`,
      );
    return text;
  }

  idOf(event: SegmentEvent): string {
    return event.message.messageId;
  }

  async write(batch: Batch<SegmentEvent>, signal: AbortSignal): Promise<undefined> {
    const target = targetOf(this.context.destinations, batch.lane);
    const answer = await this.post(target, batch.items, signal);
    batch.answer = { status: answer.status, requestId: requestIdOf(answer) };
    const fault = this.faultOf(target, answer);
    if (fault) throw fault;
    return undefined;
  }

  /**
   * Posts a batch without events: it creates no data, yet takes the same way as a write (DNS, TLS, route, key as
   * far as the edge looks at it, rate limit). 2xx says yes. So does a 400 unless its `code` is about the source:
   * Segment lists `empty_batch` among its codes, but does not document which status carries it. Its edge does not
   * know whether a key exists: no probe, and no 200, can tell that. A destination that is gone or off resolves
   * too: nothing is left to wait for, and the next write says what becomes of the events.
   */
  async probe(lane: string, signal: AbortSignal): Promise<void> {
    if (!this.context.destinations.get(lane)?.on) return;
    const target = targetOf(this.context.destinations, lane);
    const fault = this.faultOf(target, await this.post(target, [], signal));
    if (fault === undefined) return;
    if (fault.kind === "rejected" && EMPTY_BATCH_ANSWERS.has(fault.code)) return;
    // 413 for a hundred bytes: it is not the size that is refused.
    if (fault.kind === "rejected") throw new SinkFault("misconfigured", fault.message, { code: fault.code });
    throw fault;
  }

  /**
   * Sends one event as a write would, and says all that can be told about it. `reserve` waits for the destination's
   * rate. Throws DataError for an event that is not sent, SinkFault for a destination that cannot be sent to.
   */
  async tryOut(event: SegmentEvent, reserve: Reserve, signal: AbortSignal): Promise<TryOut> {
    const text = this.encode(event);
    const lane = this.laneOf(event);
    const bytes = Buffer.byteLength(text);
    await reserve(bytes + this.limits.envelopeBytes, signal);
    const target = targetOf(this.context.destinations, lane);
    const request = this.requestOf(target, [{ text, bytes, origin: NO_ORIGIN, value: event }]);
    const clean = (shown: string): string => scrub(shown, target.writeKey);
    const startedMs = this.context.clock.nowMs();
    const shown = {
      url: target.origin + target.path,
      headers: { ...request.headers, authorization: "Basic [redacted]" },
      body: clean(request.body.toString("utf8")),
    };
    try {
      const answer = await this.client.post(request, signal);
      const latencyMs = this.context.clock.nowMs() - startedMs;
      const fault = this.faultOf(target, answer);
      const excerpt = clean(answer.excerpt).slice(0, SHOWN_CHARACTERS);
      return { request: shown, status: answer.status, excerpt, latencyMs, fault };
    } catch (thrown) {
      const latencyMs = this.context.clock.nowMs() - startedMs;
      return {
        request: shown,
        status: undefined,
        excerpt: "",
        latencyMs,
        fault: this.networkFault(target, thrown),
      };
    }
  }

  async close(): Promise<void> {
    await this.client.close();
  }

  private async post(
    target: Target,
    items: readonly Encoded<SegmentEvent>[],
    signal: AbortSignal,
  ): Promise<Answer> {
    const { lane } = target;
    try {
      const answer = await this.client.post(this.requestOf(target, items), signal);
      this.countRequest(lane, `${Math.floor(answer.status / 100)}xx`);
      return answer;
    } catch (thrown) {
      this.countRequest(lane, "none");
      throw this.networkFault(target, thrown);
    }
  }

  private requestOf(target: Target, items: readonly Encoded<SegmentEvent>[]): Post {
    const { lane, origin, path, writeKey, reach } = target;
    const sentAt = new Date(this.context.clock.wallMs()).toISOString();
    const body = buildBody(items, { sentAt, writeKey, version: this.version });
    // The key goes into the body, as Segment's docs have it first, and into Basic authentication, as its own
    // Node library does: gateways that speak this protocol often look at the header only.
    const headers = {
      "content-type": "application/json",
      authorization: `Basic ${Buffer.from(`${writeKey}:`).toString("base64")}`,
      "user-agent": `sluice/${this.version}`,
    };
    return { lane, origin, path, headers, body, reach };
  }

  /** Throws what is a bug of ours. */
  private networkFault({ label, writeKey }: Target, thrown: unknown): SinkFault {
    const error = toError(thrown);
    if (isClientBug(error)) throw error;
    const code = networkCode(error);
    const open = wasSurelyNotTaken(code) ? "" : "; it may have been taken, and goes again with the same ids";
    const clean = (text: string): string => oneLine(scrub(text, writeKey), SHOWN_CHARACTERS);
    return new SinkFault(
      code === "endpoint-refused" ? "misconfigured" : "unavailable",
      `${label}: ${clean(error.message) || code}${open}`,
      { code, cause: bare(error, clean) },
    );
  }

  private countRequest(destination: string, statusClass: string): void {
    this.context.count("sink_requests_total", 1, { destination, status_class: statusClass });
  }

  private faultOf(target: Target, answer: Answer): SinkFault | undefined {
    const outcome = outcomeOf(answer, this.context.clock.wallMs());
    if (outcome === undefined) return undefined;
    const said = oneLine(scrub(answer.excerpt, target.writeKey), SHOWN_CHARACTERS);
    const message = `${target.label} answered ${answer.status}: ${outcome.advice}`;
    return new SinkFault(outcome.kind, scrub(message, target.writeKey), {
      code: outcome.code,
      retryAfterMs: outcome.retryAfterMs,
      said,
    });
  }
}

/** Segment documents none; its edge and proxies in between send one of these. */
function requestIdOf({ headers }: Answer): string | undefined {
  return (headers["x-request-id"] ?? headers["x-amz-cf-id"])?.slice(0, 100);
}

const NO_ORIGIN = {
  id: "test",
  body: new Uint8Array(0),
  attributes: {},
  publishedAtMs: 0,
  attempt: 1,
  writerSchema: undefined,
};

function stringify(event: SegmentEvent): string {
  try {
    return JSON.stringify(event.message);
  } catch (thrown) {
    throw new DataError(
      "segment-not-serializable",
      `message ${event.message.messageId} cannot be written as JSON: ${toError(thrown).message.split("\n", 1)[0]}`,
      { cause: thrown },
    );
  }
}
