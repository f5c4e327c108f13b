/** The last `capacity` values, newest first; older ones are forgotten. */
export class Ring<T> {
  private readonly slots: T[] = [];
  private next = 0;

  constructor(private readonly capacity: number) {}

  push(value: T): void {
    if (this.capacity === 0) return;
    this.slots[this.next] = value;
    this.next = (this.next + 1) % this.capacity;
  }

  newestFirst(limit = this.capacity): T[] {
    const { length } = this.slots;
    const list: T[] = [];
    for (let back = 1; back <= Math.min(limit, length); back++)
      list.push(this.slots[(this.next - back + length) % length]!);
    return list;
  }
}
