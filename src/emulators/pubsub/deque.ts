// A first-in-first-out queue whose push and shift cost the same at a million entries as at one.

const COMPACT_FROM = 4_096;

export class Deque<T> {
  private items: (T | undefined)[] = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  push(item: T): void {
    this.items.push(item);
  }

  shift(): T | undefined {
    if (this.head === this.items.length) return undefined;
    const item = this.items[this.head];
    this.items[this.head++] = undefined;
    if (this.head >= COMPACT_FROM && this.head * 2 >= this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }

  /** Removes what `drop` says yes to; yields how many went. */
  removeWhere(drop: (item: T) => boolean): number {
    const before = this.length;
    const kept: (T | undefined)[] = [];
    for (const item of this) if (!drop(item)) kept.push(item);
    this.items = kept;
    this.head = 0;
    return before - kept.length;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let index = this.head; index < this.items.length; index++) yield this.items[index] as T;
  }
}
