// How long to wait before the next try, and how many tries an outage may cost.
// Full jitter (AWS Builders' Library, "Timeouts, retries, and backoff with jitter"); retry budget as in gRPC's
// retry throttling (proposal A6).

export interface BackoffSettings {
  readonly baseMs: number;
  readonly maxMs: number;
}

export const defaultBackoff: BackoffSettings = { baseMs: 500, maxMs: 60_000 };

/** Milliseconds to wait after the `failures`th failure in a row (1 = first): uniform in [0, min(max, base·2ⁿ)). */
export function fullJitterMs(failures: number, random: () => number, settings = defaultBackoff): number {
  const ceiling = Math.min(settings.maxMs, settings.baseMs * 2 ** Math.min(failures, 30));
  return random() * ceiling;
}

/**
 * Ten tokens; a failure costs one, a success earns a tenth back. While half or more are gone, at most one
 * retry is under way at a time, so an outage adds about a tenth to the load, not a multiple of it.
 */
export class RetryBudget {
  /** In tenths, so that sums are exact. */
  private tenths = 100;

  success(): void {
    this.tenths = Math.min(100, this.tenths + 1);
  }

  failure(): void {
    this.tenths = Math.max(0, this.tenths - 10);
  }

  get exhausted(): boolean {
    return this.tenths < 50;
  }
}
