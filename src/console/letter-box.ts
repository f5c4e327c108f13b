// What the console sees of a pipeline's dead letters. Where they are kept, and how they are sent again, is known to
// whoever gives it one.

import type { DeadLetter } from "../engine/dead-letters.ts";

export interface LetterQuery {
  readonly limit: number;
  readonly code?: string | undefined;
  readonly stage?: string | undefined;
  readonly destination?: string | undefined;
}

export interface FoundLetter {
  /** `file:line`. */
  readonly place: string;
  readonly letter: Omit<DeadLetter, "body"> & { readonly bodyBytes: number };
}

/** open: waits for a redrive. redriven: dealt with. repeated: the same as an earlier one. */
export type LetterState = "open" | "redriven" | "repeated";

export interface WholeLetter {
  readonly place: string;
  readonly state: LetterState;
  readonly letter: Omit<DeadLetter, "body">;
  readonly body: {
    readonly bytes: number;
    /** What it was taken for: JSON, Avro, bytes or nothing. */
    readonly kind: string;
    /** As people read it; cut when it is very long. */
    readonly text: string;
  };
}

export interface LetterGroup {
  readonly code: string;
  readonly stage: string;
  readonly destination?: string | undefined;
  /** Lines, repetitions included. */
  readonly letters: number;
  readonly open: number;
  /** ISO 8601. */
  readonly first: string;
  readonly last: string;
}

export interface LetterGroups {
  readonly groups: readonly LetterGroup[];
  /** Whether older files were left out, because there are too many bytes of them. */
  readonly isPart: boolean;
}

/** Which letters; all that wait when nothing is named. */
export interface RedriveChoice {
  readonly code?: string | undefined;
  readonly stage?: string | undefined;
  readonly destination?: string | undefined;
  readonly id?: string | undefined;
  readonly dryRun: boolean;
}

export interface RedriveView {
  readonly choice: RedriveChoice;
  readonly state: "running" | "done" | "failed";
  /** ISO 8601. */
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly read: number;
  readonly redriven: number;
  readonly delivered: number;
  readonly dropped: number;
  /** Failed again: that many new letters. */
  readonly failedAgain: number;
  /** Why letters still wait, by reason. */
  readonly left: Readonly<Record<string, number>>;
  readonly error?: string;
}

/** Each rejects with RunError `dead-letters-elsewhere` when the letters are not kept in files. */
export interface LetterBox {
  /** The newest that wait, oldest first. */
  newest(query: LetterQuery): Promise<readonly FoundLetter[]>;
  groups(): Promise<LetterGroups>;
  /** Undefined: there is none at that place. */
  one(place: string): Promise<WholeLetter | undefined>;
  /** Begins one. Rejects with RunError `redrive-running` or `state-locked`: one at a time. */
  redrive(choice: RedriveChoice): Promise<RedriveView>;
  /** Another text when more letters may be dealt with, by whatever process; at once, as it was last seen. */
  marksVersion(): string;
  /** The last one; undefined: none was begun by this process. */
  lastRedrive(): RedriveView | undefined;
  /** Stops a redrive: what is in flight is delivered, the other letters wait. */
  close(): Promise<void>;
}
