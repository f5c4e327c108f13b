// The last things that happened to events, for people to see. Bounded; sampled when much happens.

import type { Drop, Origin } from "../../engine/contracts.ts";
import type { DeadLetter } from "../../engine/dead-letters.ts";
import type { LaneItem } from "../../engine/lane-queue.ts";
import type { RunObserver } from "../../engine/observers.ts";
import { SegmentEvent } from "../../events/segment-event.ts";

export interface Happening {
  readonly atMs: number;
  readonly what: "delivered" | "dropped" | "dead-lettered";
  readonly text: string;
}

const KEPT = 10;

export class LastEvents implements RunObserver {
  private list: Happening[] = [];

  get all(): readonly Happening[] {
    return this.list;
  }

  delivered(lane: string, items: readonly LaneItem[]): void {
    for (const { value } of items.slice(-2)) this.deliveredOne(lane, value);
  }

  private deliveredOne(lane: string, value: unknown): void {
    if (!(value instanceof SegmentEvent)) return;
    const { type, event, properties } = value.message;
    const { key, value: flagValue } = properties ?? {};
    const detail = [event ?? type, key, flagValue === undefined ? undefined : `= ${String(flagValue)}`];
    this.add("delivered", `${detail.filter((part) => part !== undefined).join(" ")} → ${lane}`);
  }

  dropped(_origin: Origin, _stage: string, drop: Drop): void {
    this.add("dropped", drop.detail ? `${drop.reason} (${drop.detail})` : drop.reason);
  }

  deadLettered(letter: DeadLetter): void {
    this.add("dead-lettered", `${letter.code}: ${letter.message}`);
  }

  private add(what: Happening["what"], text: string): void {
    this.list = [...this.list.slice(1 - KEPT), { atMs: Date.now(), what, text }];
  }
}
