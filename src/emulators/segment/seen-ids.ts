// Segment drops an event whose messageId it has seen before: by id only, never by content, over at least 24
// hours, and across all its customers' sources (Segment docs, "Duplicate data").
//
// The order of arrival is kept beside the map: looking for a Map's oldest key costs a walk over all that was
// deleted before it.

const COMPACT_AT = 65_536;

/** Remembers ids for `windowMs`, at most `maxIds` of them; the oldest go first. */
export class SeenIds {
  private readonly seenAtMs = new Map<string, number>();
  private order: string[] = [];
  private times: number[] = [];
  private head = 0;

  constructor(
    private readonly windowMs: number,
    private readonly maxIds: number,
  ) {}

  /** True when the id is new; it is remembered from now on. A repetition does not prolong its time. */
  add(id: string, nowMs: number): boolean {
    this.forgetOld(nowMs);
    if (this.seenAtMs.has(id)) return false;
    this.seenAtMs.set(id, nowMs);
    this.order.push(id);
    this.times.push(nowMs);
    if (this.seenAtMs.size > this.maxIds) this.forgetFirst();
    return true;
  }

  get size(): number {
    return this.seenAtMs.size;
  }

  private forgetOld(nowMs: number): void {
    while (this.head < this.times.length && nowMs - this.times[this.head]! >= this.windowMs)
      this.forgetFirst();
  }

  private forgetFirst(): void {
    this.seenAtMs.delete(this.order[this.head]!);
    this.head++;
    if (this.head < COMPACT_AT) return;
    this.order = this.order.slice(this.head);
    this.times = this.times.slice(this.head);
    this.head = 0;
  }
}
