// Test events: the documented examples, mapped and sent as real ones are, each in a request of its own. They pass by
// the queue, so that a person gets an answer while a pipeline is busy, but not by the rate limit.

import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";

import { destinationIndex } from "../destinations/destination-index.ts";
import type { Clock } from "../engine/clock.ts";
import { sleep } from "../engine/clock.ts";
import type { Destination, Destinations, Enablement, Logger, RunContext } from "../engine/contracts.ts";
import { DataError, RunError, SinkFault, toError } from "../engine/errors.ts";
import { Limiter } from "../engine/limiter.ts";
import { isObject } from "../events/envelope.ts";
import { SegmentEvent } from "../events/segment-event.ts";
import type { SegmentSink, TryOut } from "../sinks/segment/segment-sink.ts";
import segment from "../sinks/segment/segment.ts";
import segmentEvent from "../transforms/segment-event.ts";

export const testKinds = ["feature", "click", "custom", "page"] as const;
export type TestKind = (typeof testKinds)[number];

export interface TestResult {
  readonly kind: TestKind;
  /** accepted: 2xx. refused: an answer that says no. unanswered: none came. not-sent: it was not worth a request. */
  readonly outcome: "accepted" | "refused" | "unanswered" | "not-sent";
  readonly message: string;
  readonly messageId?: string;
  readonly request?: TryOut["request"];
  readonly status?: number;
  /** The beginning of the answer's body. */
  readonly excerpt?: string;
  readonly latencyMs?: number;
  readonly code?: string;
}

export interface TestReport {
  readonly destination: string;
  readonly sentAt: string;
  readonly results: readonly TestResult[];
  /** What a 2xx from Segment does not tell. */
  readonly unsaid: readonly string[];
  readonly whereToLook: string;
}

export interface TestSenderContext {
  readonly clock: Clock;
  readonly log: Logger;
  /**
   * A share of the rate of a pipeline that sends to this destination. Undefined: none does, and a rate is kept here.
   */
  reserve(destination: string, bytes: number, signal: AbortSignal): Promise<void> | undefined;
}

const TIMEOUT_MS = 15_000;
const SINK_SETTINGS = { concurrency: 1, timeoutMs: 10_000 };

const UNSAID = [
  "Segment answers 200 before it looks at the write key: events for a key that does not exist, or for a source that is switched off, vanish behind a 200.",
  "Events sent to the other region (US or EU) vanish behind a 200 too.",
  "An event over 32 KB, without userId and anonymousId, or blocked by the source's schema or tracking plan is dropped after the 200.",
];
const WHERE_TO_LOOK =
  "Open the source in Segment, Debugger tab: the events appear within a minute under the messageIds above. A local Segment shows them on its own page.";

export class TestSender {
  private readonly limiters = new Map<string, Limiter>();

  constructor(private readonly context: TestSenderContext) {}

  /** Sends to it though it be off. Rejects only for a bug. */
  async send(destination: Destination, kinds: readonly TestKind[]): Promise<TestReport> {
    const { clock } = this.context;
    const awake = destinationIndex([{ ...destination, on: true }]);
    const sink = (await segment.create(
      { ...(segment.example as object), ...SINK_SETTINGS } as never,
      this.worldOf(awake),
    )) as SegmentSink;
    const timeout = new AbortController();
    const cancel = clock.after(TIMEOUT_MS, () =>
      timeout.abort(new RunError("timeout", "no room in the rate limit in time")),
    );
    const sentAt = new Date(clock.wallMs()).toISOString();
    try {
      const results: TestResult[] = [];
      for (const kind of kinds)
        results.push(await this.sendOne(kind, { destination, awake, sink }, timeout.signal));
      return { destination: destination.id, sentAt, results, unsaid: UNSAID, whereToLook: WHERE_TO_LOOK };
    } finally {
      cancel();
      await sink.close();
    }
  }

  private async sendOne(
    kind: TestKind,
    to: { readonly destination: Destination; readonly awake: Destinations; readonly sink: SegmentSink },
    signal: AbortSignal,
  ): Promise<TestResult> {
    const { destination, awake, sink } = to;
    let event: SegmentEvent;
    let tried: TryOut;
    try {
      event = await this.map(await exampleOf(kind, destination, this.context.clock.wallMs()), awake);
      tried = await sink.tryOut(event, (bytes, until) => this.reserve(destination, bytes, until), signal);
    } catch (error) {
      if (!(error instanceof DataError || error instanceof SinkFault || error instanceof RunError))
        throw error;
      return { kind, outcome: "not-sent", message: error.message, code: error.code };
    }
    const { request, status, excerpt, latencyMs, fault } = tried;
    const { messageId } = event.message;
    const said = { kind, messageId, request, excerpt, latencyMs: Math.round(latencyMs * 10) / 10 };
    if (!fault)
      return {
        ...said,
        ...(status === undefined ? {} : { status }),
        outcome: "accepted",
        message: "Segment accepted the request; verify it in the Segment Debugger.",
      };
    const outcome = status === undefined ? "unanswered" : "refused";
    return {
      ...said,
      ...(status === undefined ? {} : { status }),
      outcome,
      message: fault.message,
      code: fault.code,
    };
  }

  private async map(example: unknown, destinations: Destinations): Promise<SegmentEvent> {
    const mapper = await segmentEvent.create({ ...MAPPING_DEFAULTS } as never, this.worldOf(destinations));
    const mapped = mapper.apply(example, NO_ORIGIN);
    if (mapped instanceof SegmentEvent) return mapped;
    throw toError("an example event was not mapped to one Segment event");
  }

  private reserve(destination: Destination, bytes: number, signal: AbortSignal): Promise<void> {
    return this.context.reserve(destination.id, bytes, signal) ?? this.ownReserve(destination, bytes, signal);
  }

  private async ownReserve({ id, config }: Destination, bytes: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.context;
    const limiter = this.limiters.get(id) ?? new Limiter(clock, config.rates, bytes);
    this.limiters.set(id, limiter);
    limiter.change(config.rates);
    for (let room = limiter.room(); room.events < 1 || room.bytes < bytes; room = limiter.room()) {
      await sleep(clock, Math.max(1, limiter.waitMs(bytes)), signal);
      signal.throwIfAborted();
    }
    limiter.spend(1, bytes);
  }

  private worldOf(destinations: Destinations): RunContext {
    const { clock, log } = this.context;
    return {
      pipeline: "test-event",
      stage: "segment",
      log,
      clock,
      random: Math.random,
      baseDir: "/",
      destinations,
      enablement: EVERYTHING,
      count() {},
      gauge() {},
    };
  }
}

const EVERYTHING: Enablement = {
  forEnvironment: () => ({ allFlags: true, events: true, flags: new Set() }),
};
const MAPPING_DEFAULTS = {
  value: "string",
  default: "indicator",
  anonymousContexts: true,
  fallbackAnonymousKinds: [],
  extras: [],
  implausibleTime: "keep",
};
const NO_ORIGIN = {
  id: "test-event",
  body: new Uint8Array(0),
  attributes: {},
  publishedAtMs: 0,
  attempt: 1,
  writerSchema: undefined,
};

/** The documented example, as it would be of this destination's environment, now, and told from all others by its id. */
async function exampleOf(kind: TestKind, destination: Destination, nowMs: number): Promise<unknown> {
  const url = new URL(`../../schemas/launchdarkly/examples/${kind}.json`, import.meta.url);
  const example: unknown = JSON.parse(await readFile(url, "utf8"));
  if (!isObject(example) || !isObject(example["event"]))
    throw new Error(`the example of ${kind} is not an event`);
  const { userIdContextKind, anonymousIdContextKind } = destination.config;
  const { userKey: _, user: __, ...event } = example["event"];
  return {
    ...example,
    project: destination.project ?? example["project"],
    environment: destination.environment,
    event: {
      ...event,
      id: `sluice-test-${randomUUID()}`,
      creationDate: nowMs,
      contextKeys: {
        [userIdContextKind]: "sluice-test-user",
        [anonymousIdContextKind]: "sluice-test-anonymous-user",
      },
    },
  };
}
