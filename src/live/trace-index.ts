// What happened to which event, for as long as it fits: ids, times, places; never a value. It is written per chunk and
// batch, on the hot path, as text into a log of bytes; it is read when someone asks for an id.
//
// Drops come one by one. Those of one reason in a row are gathered and written together.

import type { Drop, Origin } from "../engine/contracts.ts";
import type { DeadLetter } from "../engine/dead-letters.ts";
import type { LaneItem } from "../engine/lane-queue.ts";
import type { RejectedValue, WriteNote } from "../engine/observers.ts";
import type { Item } from "../engine/pipeline.ts";
import type { TakenRecords } from "../engine/taken-records.ts";
import { eventIdOf, messageIdOf, sentIdOf } from "./event-ids.ts";
import { FIELD, LINE, type TraceLog } from "./trace-log.ts";

export const traceKind = {
  received: "R",
  delivered: "S",
  dropped: "D",
  rejected: "X",
  deadLettered: "L",
  gaveBack: "G",
} as const;

const code = (kind: string) => kind.charCodeAt(0);
const RECEIVED = code(traceKind.received);
const DELIVERED = code(traceKind.delivered);
const DROPPED = code(traceKind.dropped);

/** Longer ids are cut, and found by this beginning. */
export const MAX_ID_CHARACTERS = 128;
const MAX_MESSAGE_CHARACTERS = 300;
const MOST_GATHERED = 256;

/** One pipeline's part of the index. Times are Unix ms. */
export class TraceIndex {
  private gathered = "";
  private gatheredCount = 0;
  private gatheredAtMs = 0;
  private gatheredDrop: Drop | undefined;
  private gatheredStage = "";

  constructor(
    private readonly log: TraceLog,
    private readonly pipeline: number,
    private readonly wallMs: () => number,
  ) {}

  received(items: readonly Item[]): void {
    this.flush();
    let text = "";
    for (const { origin, value } of items) {
      text += LINE + short(origin.id) + FIELD + short(eventIdOf(value));
      if (origin.attempt > 1) text += FIELD + origin.attempt;
    }
    this.put(RECEIVED, items.length, text);
  }

  /** What a fused plan took; what it dropped follows by `droppedId`. */
  taken(records: TakenRecords): void {
    this.flush();
    let text = "";
    for (let index = 0; index < records.length; index++) {
      if (records.isLeft(index)) continue;
      const { id, attempt } = records.origin(index);
      text += LINE + short(id) + FIELD + short(records.eventId(index));
      if (attempt > 1) text += FIELD + attempt;
    }
    this.put(RECEIVED, records.count, text);
  }

  delivered(lane: string, items: readonly LaneItem[], write: WriteNote, tookMs: number): void {
    this.flush();
    const { number, attempt, answer } = write;
    let text = [
      short(lane),
      number,
      attempt,
      answer?.status ?? "",
      clean(answer?.requestId ?? ""),
      tookMs.toFixed(1),
    ].join(FIELD);
    for (const item of items) text += LINE + short(item.origin.id) + FIELD + short(sentIdOf(item));
    this.put(DELIVERED, items.length, text);
  }

  dropped(origin: Origin, stage: string, drop: Drop, value: unknown): void {
    this.droppedId(origin, stage, drop, eventIdOf(value));
  }

  droppedId(origin: Origin, stage: string, drop: Drop, eventId: string): void {
    const isSame = drop === this.gatheredDrop && stage === this.gatheredStage;
    if (!isSame || this.gatheredCount >= MOST_GATHERED) this.flush();
    if (this.gatheredCount === 0) {
      this.gatheredAtMs = this.wallMs();
      this.gatheredDrop = drop;
      this.gatheredStage = stage;
    }
    this.gathered += LINE + short(origin.id) + FIELD + short(eventId);
    this.gatheredCount += 1;
  }

  rejected({ origin, value, stage, code: reason, message, destination }: RejectedValue): void {
    const head = [stage, reason, shortMessage(message), short(destination ?? "")].join(FIELD);
    const line = [short(origin.id), short(eventIdOf(value)), short(messageIdOf(value))].join(FIELD);
    this.putOne(traceKind.rejected, head, line);
  }

  deadLettered({ id, stage, code: reason, message, destination }: DeadLetter): void {
    const head = [stage, reason, shortMessage(message), short(destination ?? "")].join(FIELD);
    this.putOne(traceKind.deadLettered, head, short(id));
  }

  gaveBack({ id }: Origin): void {
    this.putOne(traceKind.gaveBack, "", short(id));
  }

  /** Before the log is read. */
  flush(): void {
    if (this.gatheredCount === 0 || !this.gatheredDrop) return;
    const { reason, detail } = this.gatheredDrop;
    const head = [this.gatheredStage, reason, clean(detail)].join(FIELD);
    this.log.append({
      kind: DROPPED,
      pipeline: this.pipeline,
      atMs: this.gatheredAtMs,
      count: this.gatheredCount,
      text: head + this.gathered,
    });
    this.gathered = "";
    this.gatheredCount = 0;
  }

  private putOne(kind: string, head: string, line: string): void {
    this.flush();
    this.put(code(kind), 1, head + LINE + line);
  }

  private put(kind: number, count: number, text: string): void {
    this.log.append({ kind, pipeline: this.pipeline, atMs: this.wallMs(), count, text });
  }
}

function short(id: string): string {
  return id.length <= MAX_ID_CHARACTERS ? id : id.slice(0, MAX_ID_CHARACTERS);
}

function shortMessage(message: string): string {
  return clean(message.slice(0, MAX_MESSAGE_CHARACTERS));
}

/** Texts of our own may quote anything; they must not look like several. */
function clean(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: separators are control characters.
  return text.replaceAll(/[\u0000-\u001f]/g, " ");
}
