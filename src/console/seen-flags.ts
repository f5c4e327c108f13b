// Which flags events were seen of, and what became of them, so that a person finds the flag to switch on. Bounded:
// what comes after the limit is not remembered.

import type { Drop, Origin } from "../engine/contracts.ts";
import type { LaneItem } from "../engine/lane-queue.ts";
import type { RunObserver } from "../engine/observers.ts";
import type { TakenRecords } from "../engine/taken-records.ts";
import { isObject } from "../events/envelope.ts";
import { SegmentEvent } from "../events/segment-event.ts";

export interface SeenFlag {
  readonly environment: string;
  readonly flag: string;
  /** Delivered, one for each destination. */
  delivered: number;
  /** Dropped because the flag, or the environment with it, is off. */
  dropped: number;
  /** Rises with each sighting of any flag. */
  seq: number;
}

const MAX_FLAGS = 20_000;
/** Drops of events that would pass if the flag were on. */
const OFF: ReadonlySet<string> = new Set(["flag-not-enabled", "environment-not-enabled"]);

export class SeenFlags implements RunObserver {
  private readonly environments = new Map<string, Map<string, SeenFlag>>();
  private count = 0;
  private sightings = 0;

  /** `seq` of the newest sighting. */
  get newest(): number {
    return this.sightings;
  }

  /** How many flags were seen. */
  get size(): number {
    return this.count;
  }

  get(environment: string, flag: string): SeenFlag | undefined {
    return this.environments.get(environment)?.get(flag);
  }

  all(): SeenFlag[] {
    return [...this.environments.values()].flatMap((flags) => [...flags.values()]);
  }

  /** Flags seen after `seq`, those whose newest sighting is oldest first. */
  since(seq: number, limit: number): SeenFlag[] {
    if (seq >= this.sightings) return [];
    const fresh = this.all().filter((one) => one.seq > seq);
    return fresh.sort((a, b) => a.seq - b.seq).slice(0, limit);
  }

  delivered(_lane: string, items: readonly LaneItem[]): void {
    for (const { value } of items) {
      if (!(value instanceof SegmentEvent)) continue;
      const { event, properties } = value.message;
      const flag = event === "feature" ? properties?.["key"] : undefined;
      if (typeof flag !== "string") continue;
      const seen = this.entry(value.destination.environment, flag);
      if (!seen) continue;
      seen.delivered += 1;
      seen.seq = ++this.sightings;
    }
  }

  dropped(_origin: Origin, _stage: string, drop: Drop, value: unknown): void {
    if (!OFF.has(drop.reason) || !isObject(value)) return;
    const { environment, event } = value;
    const flag = isObject(event) && event["kind"] === "feature" ? event["key"] : undefined;
    if (typeof environment !== "string" || typeof flag !== "string" || flag === "") return;
    const seen = this.entry(environment, flag);
    if (!seen) return;
    seen.dropped += 1;
    seen.seq = ++this.sightings;
  }

  /** Only what was dropped for its flag is decoded; those that pass are told of when they are delivered. */
  taken(records: TakenRecords): void {
    for (let index = 0; index < records.length; index++) {
      const dropped = records.drop(index);
      if (!dropped || !OFF.has(dropped.drop.reason)) continue;
      this.dropped(records.origin(index), dropped.stage, dropped.drop, records.value(index));
    }
  }

  private entry(environment: string, flag: string): SeenFlag | undefined {
    const flags = this.environments.get(environment) ?? new Map<string, SeenFlag>();
    const known = flags.get(flag);
    if (known || this.count >= MAX_FLAGS) return known;
    const fresh = { environment, flag, delivered: 0, dropped: 0, seq: 0 };
    this.environments.set(environment, flags.set(flag, fresh));
    this.count += 1;
    return fresh;
  }
}
