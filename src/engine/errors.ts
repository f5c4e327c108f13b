// The three ways something can go wrong, decided where it is noticed: data is dead-lettered, weather is
// retried, a bug is loud. Everything else that is thrown is a bug.

/**
 * This record is bad and will never be good. The engine writes it to the dead letters with `code` (kebab-case,
 * listed in the stage's `rejects`) and acks it.
 */
export class DataError extends Error {
  override readonly name = "DataError";
  readonly destination: string | undefined;
  constructor(
    readonly code: string,
    message: string,
    options?: DataErrorOptions,
  ) {
    super(message, options);
    this.destination = options?.destination;
  }
}

export interface DataErrorOptions extends ErrorOptions {
  /** The one destination that misses the record because of it; absent: all of them. */
  readonly destination?: string | undefined;
}

export type FaultKind = "rejected" | "throttled" | "unavailable" | "misconfigured";

export interface FaultDetails {
  /** How long the destination asked us to wait, in ms. Only with "throttled". */
  readonly retryAfterMs?: number | undefined;
  /** Kebab-case: `http-400`, `timeout`, `connection`. Becomes the dead-letter code of a rejected item. */
  readonly code: string;
  readonly cause?: unknown;
  /** The beginning of what the destination answered. It may repeat what was sent: see `SinkFault.inFull`. */
  readonly said?: string | undefined;
  /** A person decided it, so it says nothing about the data: it does not count in the dead-letter window. */
  readonly isDeliberate?: boolean;
}

/**
 * A write was not (or not surely) taken.
 * - rejected: these items will never be taken; a batch of several is bisected until the bad ones stand alone.
 * - throttled: the whole lane pauses for `retryAfterMs`.
 * - unavailable: weather, or ambiguous; retried with the same bytes.
 * - misconfigured: nobody's data is bad, a person must mend something; the lane is parked and probed.
 */
export class SinkFault extends Error {
  override readonly name = "SinkFault";
  readonly code: string;
  readonly retryAfterMs: number | undefined;
  readonly isDeliberate: boolean;
  /** Not enumerable: whoever logs an error logs what can be enumerated. */
  readonly #said: string;
  constructor(
    readonly kind: FaultKind,
    message: string,
    details: FaultDetails,
  ) {
    super(message, { cause: details.cause });
    this.code = details.code;
    this.retryAfterMs = details.retryAfterMs;
    this.isDeliberate = details.isDeliberate ?? false;
    this.#said = details.said ?? "";
  }

  /** What the destination answered; "" when nothing. For dead letters and debug logs only: it may hold payload. */
  get said(): string {
    return this.#said;
  }

  /** The message with what the destination answered. */
  get inFull(): string {
    return this.#said === "" ? this.message : `${this.message}; it said: ${this.#said}`;
  }
}

/** What a dead letter says of why it is one. */
export function reasonOf(error: DataError | SinkFault): {
  readonly code: string;
  readonly message: string;
  readonly isDeliberate: boolean;
} {
  const { code, message } = error;
  if (!(error instanceof SinkFault)) return { code, message, isDeliberate: false };
  return { code, message: error.inFull, isDeliberate: error.isDeliberate };
}

/** A run that cannot go on, for a reason a person can act on. `code` is stable; exit code 1. */
export class RunError extends Error {
  override readonly name = "RunError";
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
