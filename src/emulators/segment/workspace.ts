// What stands behind the endpoint: which keys are known, what is kept of what came in, and what is counted.
//
// Everything is bounded: rings for the last events, drops and requests; de-duplication and the id ledger by
// number. Events are kept as parsed and turned into Segment's output form only when someone looks.

import { randomUUID } from "node:crypto";

import type { Clock } from "../../engine/clock.ts";
import type { Logger } from "../../engine/contracts.ts";
import { IdLedger } from "./id-ledger.ts";
import { type OutputEvent, outputOf, type TakenEvent } from "./output-event.ts";
import { Ring } from "./ring.ts";
import { SeenIds } from "./seen-ids.ts";
import type { Incoming } from "./incoming.ts";
import { SlidingSecond } from "./sliding-second.ts";
import { type Discard, isObject, whyDiscarded } from "./validate.ts";

export const MAX_BATCH_EVENTS = 2_500;

export interface WorkspaceOptions {
  /** The keys of existing sources; undefined: every key that looks like one exists. */
  readonly writeKeys: readonly string[] | undefined;
  readonly disabledKeys: readonly string[];
  readonly keepEvents: number;
  readonly dedupeWindowMs: number;
  readonly dedupeMaxIds: number;
  /** 0: no ledger. */
  readonly ledgerMaxIds: number;
  /** Hears the first drop of each code. */
  readonly log: Logger | undefined;
}

export interface DroppedEvent extends Discard {
  /** Shares its numbers with the events that were taken. */
  readonly seq: number;
  readonly receivedAt: string;
  readonly writeKey: string;
  readonly event: unknown;
}

export interface SegmentStats {
  readonly requests: number;
  /** Answers by status; "none" where a fault took the answer away. */
  readonly answers: Readonly<Record<string, number>>;
  readonly bodyBytes: number;
  /** Events that passed every rule and were not seen before. */
  readonly accepted: number;
  readonly duplicates: number;
  /** Events dropped behind a 200, by code. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly faultsPlayed: number;
  /** Most events and requests that came in within any sliding second, whatever was answered. */
  readonly maxEventsPerSecond: number;
  readonly maxRequestsPerSecond: number;
  /** Ids that came with other bytes than before (only with a ledger). */
  readonly differingIds: number;
}

export class Workspace {
  private readonly accepted: Ring<TakenEvent>;
  private readonly discarded: Ring<DroppedEvent>;
  private readonly seen: SeenIds;
  readonly ledger: IdLedger | undefined;
  readonly offeredEvents = new SlidingSecond();
  readonly offeredRequests = new SlidingSecond();
  private readonly answers: Record<string, number> = {};
  private readonly droppedByCode: Record<string, number> = {};
  private seq = 0;
  private requestCount = 0;
  private bodyBytes = 0;
  private acceptedCount = 0;
  private duplicateCount = 0;
  faultsPlayed = 0;

  constructor(
    private readonly clock: Clock,
    private readonly options: WorkspaceOptions,
    private readonly onAccepted: (total: number) => void,
  ) {
    this.accepted = new Ring(options.keepEvents);
    this.discarded = new Ring(options.keepEvents);
    this.seen = new SeenIds(options.dedupeWindowMs, options.dedupeMaxIds);
    this.ledger = options.ledgerMaxIds > 0 ? new IdLedger(options.ledgerMaxIds) : undefined;
  }

  /** Whether a settings preflight finds a source under this key. */
  keyProblem(writeKey: string): Discard | undefined {
    if (this.options.disabledKeys.includes(writeKey))
      return { code: "source_disabled", reason: "the source of this write key is switched off" };
    if (this.options.writeKeys !== undefined && !this.options.writeKeys.includes(writeKey))
      return { code: "project_not_found", reason: "no source has this write key" };
    return undefined;
  }

  countRequest(bytes: number, events: number): void {
    const nowMs = this.clock.nowMs();
    this.requestCount++;
    this.bodyBytes += bytes;
    this.offeredRequests.add(nowMs, 1);
    if (events > 0) this.offeredEvents.add(nowMs, events);
  }

  countAnswer(status: number | "none"): void {
    this.answers[status] = (this.answers[status] ?? 0) + 1;
  }

  /** Takes what a 200 was (or would have been) answered to; drops what Segment drops, with the reason. */
  take(incoming: Incoming): void {
    const receivedAtMs = this.clock.wallMs();
    const { writeKey, sentAt, context, integrations } = incoming;
    // Not `incoming` itself: it holds the whole body, and one kept event would keep half a megabyte alive.
    const batch = { writeKey, sentAt, context, integrations };
    const whole = this.keyProblem(incoming.writeKey) ?? tooMany(incoming.events.length);
    incoming.events.forEach((event, index) => {
      const why = whole ?? whyDiscarded(event);
      if (why) this.drop(event, why, writeKey, receivedAtMs);
      else if (isObject(event)) this.accept({ event, batch, receivedAtMs }, () => incoming.bytesOf(index));
    });
    this.onAccepted(this.acceptedCount);
  }

  private accept(one: Pick<TakenEvent, "event" | "batch" | "receivedAtMs">, bytes: () => Uint8Array): void {
    const { event, batch, receivedAtMs } = one;
    const given = event["messageId"];
    // Segment gives every event an id; without one of the sender's, a retry is a second event.
    const messageId = typeof given === "string" ? given : `api-${randomUUID()}`;
    if (this.ledger) this.ledger.add(messageId, bytes());
    if (!this.seen.add(messageId, this.clock.nowMs())) {
      this.duplicateCount++;
      const why = { code: "duplicate", reason: `messageId ${messageId} was seen before` };
      this.discarded.push(this.dropRecord(event, why, batch.writeKey, receivedAtMs));
      return;
    }
    this.acceptedCount++;
    this.accepted.push({ seq: ++this.seq, event, messageId, receivedAtMs, batch });
  }

  private drop(event: unknown, why: Discard, writeKey: string, receivedAtMs: number): void {
    const before = this.droppedByCode[why.code] ?? 0;
    this.droppedByCode[why.code] = before + 1;
    if (before === 0)
      this.options.log?.warn(
        { ...why },
        "an event was dropped behind a 200; later ones with this code are only counted",
      );
    this.discarded.push(this.dropRecord(event, why, writeKey, receivedAtMs));
  }

  private dropRecord(event: unknown, why: Discard, writeKey: string, receivedAtMs: number): DroppedEvent {
    return { seq: ++this.seq, receivedAt: new Date(receivedAtMs).toISOString(), writeKey, ...why, event };
  }

  /** As Segment hands them on, newest first. */
  events(limit?: number): OutputEvent[] {
    return this.accepted.newestFirst(limit).map(outputOf);
  }

  taken(limit?: number): TakenEvent[] {
    return this.accepted.newestFirst(limit);
  }

  dropped(limit?: number): DroppedEvent[] {
    return this.discarded.newestFirst(limit);
  }

  stats(): SegmentStats {
    let differingIds = 0;
    for (const record of this.ledger?.all().values() ?? []) if (record.differing > 0) differingIds++;
    return {
      requests: this.requestCount,
      answers: { ...this.answers },
      bodyBytes: this.bodyBytes,
      accepted: this.acceptedCount,
      duplicates: this.duplicateCount,
      dropped: { ...this.droppedByCode },
      faultsPlayed: this.faultsPlayed,
      maxEventsPerSecond: this.offeredEvents.max,
      maxRequestsPerSecond: this.offeredRequests.max,
      differingIds,
    };
  }
}

/** "Rejects the event when the number exceeds the limit", behind a 200: read strictly, none of them is taken. */
function tooMany(events: number): Discard | undefined {
  if (events <= MAX_BATCH_EVENTS) return undefined;
  return { code: "too_many_events", reason: `${events} events in one batch; ${MAX_BATCH_EVENTS} are taken` };
}
