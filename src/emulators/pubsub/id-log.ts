// Message ids in the order things happened to them, for a judge of a test run. Bounded: the oldest are forgotten
// and counted.

const SLACK = 1.25;

export class IdLog {
  private ids: number[] = [];
  private total = 0;

  constructor(private readonly limit: number) {}

  /** How many were ever added, the forgotten ones too. */
  get count(): number {
    return this.total;
  }

  get forgotten(): number {
    return Math.max(0, this.total - this.limit);
  }

  add(id: number): void {
    this.total++;
    this.ids.push(id);
    if (this.ids.length >= this.limit * SLACK) this.ids = this.ids.slice(-this.limit);
  }

  list(): string[] {
    return this.ids.slice(-this.limit).map(String);
  }
}
