import type { Batch, Drop, Origin } from "./contracts.ts";
import type { DeadLetter } from "./dead-letters.ts";
import type { LaneItem } from "./lane-queue.ts";
import type { Item } from "./pipeline.ts";
import type { TakenRecords } from "./taken-records.ts";

/** One successful write as its lane knows it. Times are monotonic ms of the run's clock. */
export interface WriteNote {
  /** Counted from 1 per lane and run. */
  readonly number: number;
  readonly attempt: number;
  readonly startedAtMs: number;
  /** What the other side answered, as far as the sink says. */
  readonly answer?: WriteAnswer | undefined;
}

type WriteAnswer = NonNullable<Batch["answer"]>;

export interface RejectedValue {
  readonly origin: Origin;
  readonly value: unknown;
  readonly stage: string;
  readonly code: string;
  readonly message: string;
  readonly destination?: string | undefined;
}

/**
 * For whoever watches: live tables, traces, tests. Called on the hot path, per chunk or batch where there can be many:
 * must be quick, keep nothing of what it is given but what it means to keep, and never throw.
 */
export interface RunObserver {
  /** A chunk on an arrow: 0 leaves the source, n leaves the n-th transform; the last one enters the sink. */
  moved?(arrow: number, items: readonly Item[]): void;
  delivered?(lane: string, items: readonly LaneItem[], sink: string, write: WriteNote): void;
  dropped?(origin: Origin, stage: string, drop: Drop, value: unknown): void;
  /** It will be a dead letter; `deadLettered` follows when that is durable. */
  rejected?(rejected: RejectedValue): void;
  /**
   * Messages that a fused plan took together: they move along no arrows, and their drops are told here. Whoever has `moved`
   * or `dropped` and not this keeps the stages from running as one.
   */
  taken?(records: TakenRecords): void;
  /** True: somebody looks at values between the stages, so they must move there. */
  readonly watchesArrows?: boolean;
  deadLettered?(letter: DeadLetter): void;
  /** A record that was in hand goes back to its source, undelivered. */
  gaveBack?(record: Origin): void;
}

/** Whether messages may go through a fused plan under the eyes of this one. */
export function allowsFusion({ moved, dropped, taken }: RunObserver): boolean {
  return taken !== undefined || (moved === undefined && dropped === undefined);
}

/** Several watchers of one run. */
export function allOf(...given: readonly (RunObserver | undefined)[]): RunObserver {
  const observers = given.filter((one) => one !== undefined);
  const allow = observers.every((one) => allowsFusion(one));
  return {
    get watchesArrows() {
      return observers.some((one) => one.watchesArrows);
    },
    ...(allow
      ? {
          taken: (records) => {
            for (const one of observers) one.taken?.(records);
          },
        }
      : {}),
    moved: (arrow, items) => {
      for (const one of observers) one.moved?.(arrow, items);
    },
    delivered: (lane, items, sink, write) => {
      for (const one of observers) one.delivered?.(lane, items, sink, write);
    },
    dropped: (origin, stage, drop, value) => {
      for (const one of observers) one.dropped?.(origin, stage, drop, value);
    },
    rejected: (rejected) => {
      for (const one of observers) one.rejected?.(rejected);
    },
    deadLettered: (letter) => {
      for (const one of observers) one.deadLettered?.(letter);
    },
    gaveBack: (record) => {
      for (const one of observers) one.gaveBack?.(record);
    },
  };
}
