// What a seek would do, in words, before anything is done.

import type { MarksFacts } from "../../marks/stored-marks.ts";
import type { SnapshotFacts, SubscriptionFacts } from "../../sources/pubsub/admin.ts";

export type SeekTarget =
  | { readonly kind: "time"; readonly atMs: number }
  | { readonly kind: "snapshot"; readonly name: string; readonly facts: SnapshotFacts };

export interface SeekPlan {
  readonly lines: readonly (readonly [what: string, text: string])[];
  /** Why it must not be done; undefined: it may. */
  readonly refusal: string | undefined;
}

const HOUR_MS = 3_600_000;
const MOST_NAMED = 5;
/** Segment's documentation on duplicate data: events with the same messageId are dropped for at least 24 hours. */
const COLLAPSE_MS = 24 * HOUR_MS;

/** What knows of events that were delivered, and would keep them from being sent again. */
export interface SeekMemory {
  /** How long each `dedupe` stage of the pipeline knows a key. */
  readonly windowsMs: readonly number[];
  /** Delivered marks; undefined: no store of them was named. */
  readonly marks: MarksFacts | undefined;
}

const NO_MEMORY: SeekMemory = { windowsMs: [], marks: undefined };

export function planSeek(
  target: SeekTarget,
  facts: SubscriptionFacts,
  nowMs: number,
  memory = NO_MEMORY,
): SeekPlan {
  const plan = target.kind === "time" ? toTime(target.atMs, facts, nowMs) : toSnapshot(target, facts, nowMs);
  const bringsNothing = target.kind === "time" && target.atMs > nowMs;
  if (bringsNothing) return plan;
  const { windowsMs, marks } = memory;
  const dedupe = windowsMs.length === 0 ? [] : [["dedupe", forgotten(Math.max(...windowsMs))] as const];
  return { ...plan, lines: [...plan.lines, ...dedupe, ["delivered marks", marksLine(marks)]] };
}

function marksLine(marks: MarksFacts | undefined): string {
  if (marks === undefined)
    return (
      "none are looked for, as no --rate-store is named: where the pipeline runs with --delivered-marks-minutes, name " +
      "its store, or what has a mark is acknowledged and not sent again"
    );
  const { ids, destinations } = marks;
  if (ids === 0) return "the store has none";
  const shown = destinations.slice(0, MOST_NAMED).join(", ");
  const more = destinations.length > MOST_NAMED ? ` and ${destinations.length - MOST_NAMED} more` : "";
  return `${ids}, of ${shown}${more}: all are forgotten, so that what comes again is sent again`;
}

function forgotten(windowMs: number): string {
  return (
    `a running process drops as a duplicate, and acknowledges, what comes again of the last ${span(windowMs)}: ` +
    "its memory of keys ends only with it, or with a reload"
  );
}

function toTime(atMs: number, facts: SubscriptionFacts, nowMs: number): SeekPlan {
  const ahead = atMs > nowMs;
  const keptMs = Math.max(facts.topicRetentionMs, facts.keepsAcked ? facts.retentionMs : 0);
  const keptSinceMs = nowMs - keptMs;
  const fromMs = Math.max(atMs, keptSinceMs);
  const lines: [string, string][] = [
    [
      "to",
      `${iso(atMs)}, ${ahead ? "in" : ""} ${span(Math.abs(nowMs - atMs))}${ahead ? "" : " ago"}`.replace(
        "  ",
        " ",
      ),
    ],
  ];
  if (ahead) {
    lines.push(["comes again", "nothing"]);
    lines.push(["is thrown away", "everything that waits now, and what is published until then"]);
    return { lines, refusal: undefined };
  }
  lines.push([
    "comes again",
    keptMs === 0
      ? "only what was published since and is not acknowledged: neither the subscription nor its topic keeps acknowledged messages"
      : `everything published from ${iso(fromMs)} on, acknowledged or not`,
  ]);
  if (keptMs > 0 && keptSinceMs > atMs) {
    lines.push([
      "is lost",
      `what was acknowledged before ${iso(keptSinceMs)}: messages are kept for ${span(keptMs)}`,
    ]);
  }
  lines.push(["is thrown away", `what still waits and was published before ${iso(atMs)}`]);
  lines.push(...collapse(fromMs, nowMs));
  const nothing = keptMs === 0 ? nothingKept : undefined;
  return { lines, refusal: nothing };
}

const nothingKept =
  "It would bring back nothing that was acknowledged. Turn on `retain-acked-messages` for the subscription, or " +
  "message retention for the topic; what is acknowledged from then on can be replayed.";

function toSnapshot(
  { name, facts: { topic, expiresAtMs } }: SeekTarget & { kind: "snapshot" },
  facts: SubscriptionFacts,
  nowMs: number,
): SeekPlan {
  const lines: [string, string][] = [
    ["to", `snapshot ${name}, kept until ${iso(expiresAtMs)}`],
    [
      "comes again",
      "what was not acknowledged when the snapshot was made, and all that was published after it",
    ],
    ["is thrown away", "what still waits and was acknowledged in the snapshot"],
    ["Segment", collapsed],
  ];
  if (expiresAtMs <= nowMs) return { lines, refusal: `The snapshot expired at ${iso(expiresAtMs)}.` };
  if (topic === facts.topic) return { lines, refusal: undefined };
  return { lines, refusal: `The snapshot is of ${topic}, the subscription of ${facts.topic}.` };
}

const collapsed =
  "drops what it has had in the last 24 hours, by messageId (99 %, it says); older events arrive a second time, and " +
  "warehouses collapse those by id";

function collapse(fromMs: number, nowMs: number): [string, string][] {
  const sinceMs = nowMs - COLLAPSE_MS;
  if (fromMs >= sinceMs)
    return [
      [
        "Segment",
        "drops what it has had already, by messageId (99 %, it says): all of this is younger than 24 hours",
      ],
    ];
  return [
    ["Segment", "drops what it has had in the last 24 hours, by messageId (99 %, it says)"],
    [
      "is there twice",
      `what was sent between ${iso(fromMs)} and ${iso(sinceMs)}, where it was delivered before`,
    ],
  ];
}

function iso(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}

function span(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1_000)} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(ms / HOUR_MS);
  return hours < 72 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
