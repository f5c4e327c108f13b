import type { Origin } from "./contracts.ts";
import type { Ledger } from "./ledger.ts";
import type { Router } from "./router.ts";
import type { TakenRecords } from "./taken-records.ts";

/** What can be seen of a run's inside by who watches it. Nothing here changes anything. */
export class RunInside {
  /** Values by arrow, see `RunObserver.moved`; without blocks that went through a fused plan. */
  readonly moved: number[] = [];

  constructor(
    private readonly ledger: Ledger,
    private readonly router: Router,
  ) {}

  /** Messages that a fused plan took have passed each stage but the one that dropped them. `stages`: their types. */
  took({ count, passed, dropped }: TakenRecords, stages: readonly string[]): void {
    let going = count;
    this.add(0, going);
    for (const [index, type] of stages.entries()) {
      if (stages.indexOf(type, index + 1) < 0)
        for (const drop of dropped) if (drop.stage === type) going -= drop.count;
      this.add(index + 1, index + 1 === stages.length ? passed : going);
    }
  }

  private add(arrow: number, values: number): void {
    this.moved[arrow] = (this.moved[arrow] ?? 0) + values;
  }

  /** The record that has been in hand longest. */
  oldest(): Origin | undefined {
    return this.ledger.oldest();
  }

  /** The lanes in which a record that is in hand waits; undefined: it is not in hand. */
  whereIs(id: string): { readonly name: string; readonly state: string }[] | undefined {
    if (!this.ledger.holds(id)) return undefined;
    const lanes = [...this.router.lanes()].map(({ lane }) => lane);
    return lanes.filter((lane) => lane.holds(id)).map((lane) => lane.view());
  }
}
