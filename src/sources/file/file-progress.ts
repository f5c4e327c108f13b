// How far one file is settled. Blocks are handed over in order and settle in any order; `position` is the end of the
// last block before which everything is settled, so it never runs ahead of a delivery. A block that is given back
// is never marked, and the position stays in front of it.
//
// States: reading -> (finished) read to the end -> (last block settled) done.

/** One block that was handed over. */
export interface Mark {
  readonly end: number;
  settled: boolean;
}

export class FileProgress {
  private readonly open: Mark[] = [];
  private first = 0;
  private readToEnd = false;
  private isTrusted = true;

  constructor(
    private settledTo: number,
    private readonly onMoved: () => void,
  ) {}

  get position(): number {
    return this.isTrusted ? this.settledTo : 0;
  }

  get done(): boolean {
    return this.isTrusted && this.readToEnd && this.first === this.open.length;
  }

  handedOver(end: number): Mark {
    const mark = { end, settled: false };
    this.open.push(mark);
    return mark;
  }

  settled(mark: Mark): void {
    if (mark.settled) return;
    mark.settled = true;
    if (this.open[this.first] !== mark) return;
    for (let head = this.open[this.first]; head?.settled; head = this.open[this.first]) {
      this.settledTo = head.end;
      this.first += 1;
    }
    this.forgetSettled();
    this.onMoved();
  }

  /** The file was read to its end: nothing more will be handed over. */
  finished(): void {
    this.readToEnd = true;
    this.onMoved();
  }

  /** What was read was not what is there: the next run begins at the start, whatever settles yet. */
  distrust(): void {
    this.isTrusted = false;
    this.onMoved();
  }

  private forgetSettled(): void {
    if (this.first < 64 || this.first * 2 < this.open.length) return;
    this.open.splice(0, this.first);
    this.first = 0;
  }
}
