// Counts of measured values by bucket. A value is put where it belongs by a short walk; no allocation.

export class HistogramCell {
  /** Per bucket, not cumulative; one more than there are bounds, for what is above all of them. */
  private readonly counts: Float64Array;
  private total = 0;
  sum = 0;

  /** `bounds`: upper bounds, ascending, each inclusive. */
  constructor(readonly bounds: readonly number[]) {
    this.counts = new Float64Array(bounds.length + 1);
  }

  get count(): number {
    return this.total;
  }

  observe(value: number): void {
    const { bounds } = this;
    let at = 0;
    while (at < bounds.length && value > bounds[at]!) at += 1;
    this.counts[at]! += 1;
    this.total += 1;
    this.sum += value;
  }

  /** Per bucket, in the order of the bounds; the last is what is above all of them. */
  bucketCounts(): readonly number[] {
    return [...this.counts];
  }
}
