// What became of the letters of one redrive.

/** Why a letter still waits after a redrive that met it. */
export const leftReasons = {
  "damaged-input": "a damaged part of a file: mend the file and backfill it",
  "crash-loop": "in hand when the process died twice: name them with --code crash-loop",
  "bad-body": "the letter's body is damaged",
  "destination-gone": "the destination is not there any more",
  "destination-off": "the destination is switched off",
  "sink-gone": "the pipeline has no sink of that name any more",
  "no-event": "the pipeline made no event for the destination that missed it",
  "given-back": "stopped before it was sent",
} as const;

export type LeftReason = keyof typeof leftReasons;

export class Tally {
  /** Letters that fit the filters. */
  read = 0;
  alreadyRedriven = 0;
  repeated = 0;
  redriven = 0;
  readonly left = new Map<LeftReason, number>();

  leave(reason: LeftReason): void {
    this.left.set(reason, (this.left.get(reason) ?? 0) + 1);
  }

  get leftTotal(): number {
    return [...this.left.values()].reduce((sum, n) => sum + n, 0);
  }
}
