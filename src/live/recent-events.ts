// The last events and what became of them: a sample, bounded, for people to look at.
//
// An export event is put aside where it is decoded, a few a second, and shown when its outcome is known; beside it the
// Segment event, if it became one. So what is delivered is shown with what it was made of.

import type { Origin } from "../engine/contracts.ts";
import { isObject } from "../events/envelope.ts";
import type { RecentEvent } from "./shapes/recent.ts";

export type Outcome = "delivered" | "dropped" | "dead-lettered";

const KEPT_PER_OUTCOME = 200;
/** Of each outcome of a pipeline. */
const SAMPLE_EVERY_MS = 200;
const MOST_PUT_ASIDE = 32;

export interface RecentQuery {
  readonly pipeline?: string | undefined;
  readonly kind?: string | undefined;
  readonly outcome?: string | undefined;
  readonly after?: number | undefined;
  readonly limit: number;
}

export type NewEvent = Omit<RecentEvent, "seq" | "at" | "outcome">;

/** Of the whole process. */
export class RecentEvents {
  private readonly rings = new Map<Outcome, RecentEvent[]>();
  private seq = 0;

  get newest(): number {
    return this.seq;
  }

  add(outcome: Outcome, atMs: number, event: NewEvent): void {
    this.seq += 1;
    const ring = this.rings.get(outcome) ?? [];
    ring.push({ seq: this.seq, at: new Date(atMs).toISOString(), outcome, ...event });
    if (ring.length > KEPT_PER_OUTCOME) ring.shift();
    this.rings.set(outcome, ring);
  }

  /** Newest first. */
  list({ pipeline, kind, outcome, after = 0, limit }: RecentQuery): RecentEvent[] {
    const fits = (event: RecentEvent) =>
      event.seq > after &&
      (pipeline === undefined || event.pipeline === pipeline) &&
      (kind === undefined || event.kind === kind) &&
      (outcome === undefined || event.outcome === outcome);
    return [...this.rings.values()]
      .flat()
      .filter(fits)
      .sort((a, b) => b.seq - a.seq)
      .slice(0, limit);
  }
}

/** Decides which events of one pipeline are looked at. */
export class Sampler {
  private readonly aside = new Map<Origin, unknown>();
  private readonly nextAtMs = new Map<string, number>();

  /** Puts a decoded value aside, if it is time for one. */
  offer(origin: Origin, value: () => unknown, atMs: number): void {
    if (!this.isTime("decoded", atMs)) return;
    // The oldest waits for an outcome that may be hours away.
    if (this.aside.size >= MOST_PUT_ASIDE)
      for (const oldest of this.aside.keys()) {
        this.aside.delete(oldest);
        break;
      }
    this.aside.set(origin, value());
  }

  get hasAside(): boolean {
    return this.aside.size > 0;
  }

  has(origin: Origin): boolean {
    return this.aside.has(origin);
  }

  /** What was put aside; it is asked for once per outcome, and forgotten with `forget`. */
  value(origin: Origin): unknown {
    return this.aside.get(origin);
  }

  forget(origin: Origin): void {
    this.aside.delete(origin);
  }

  isTime(what: Outcome | "decoded", atMs: number): boolean {
    const next = this.nextAtMs.get(what) ?? 0;
    // A clock that was set back must not end the sampling.
    if (atMs < next && next - atMs <= SAMPLE_EVERY_MS) return false;
    this.nextAtMs.set(what, atMs + SAMPLE_EVERY_MS);
    return true;
  }
}

/** What tells a person which event it is. */
export function factsOf(value: unknown): Pick<NewEvent, "kind" | "key" | "eventId" | "environment"> {
  if (!isObject(value)) return {};
  const event = isObject(value["event"]) ? value["event"] : {};
  const text = (name: string, from: unknown) =>
    typeof from === "string" && from !== "" ? { [name]: from.slice(0, 200) } : {};
  return {
    ...text("kind", event["kind"]),
    ...text("key", event["key"]),
    ...text("eventId", event["id"]),
    ...text("environment", value["environment"]),
  };
}
