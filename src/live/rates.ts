// Rates from counters that only grow: the difference to the last tick, by the time between.
//
// A counter that is seen for the first time has no rate yet, unless the pipeline was there at the last tick: then it
// grew from nothing.

export class Rates {
  private last = new Map<string, number>();
  private next = new Map<string, number>();
  private seconds = 0;

  /** Begins a tick `seconds` after the last one; 0: there was none. */
  tick(seconds: number): void {
    this.last = this.next;
    this.next = new Map();
    this.seconds = seconds;
  }

  /** To be asked once per key and tick. */
  of(key: string, value: number): number {
    this.next.set(key, value);
    if (this.seconds <= 0) return 0;
    // Less than before: another definition counts from the beginning.
    const before = this.last.get(key) ?? 0;
    return round((value >= before ? value - before : value) / this.seconds);
  }
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
