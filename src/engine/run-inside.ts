import type { Origin } from "./contracts.ts";
import type { Ledger } from "./ledger.ts";
import type { Router } from "./router.ts";

/** What can be seen of a run's inside by who watches it. Nothing here changes anything. */
export class RunInside {
  /** Values by arrow, see `RunObserver.moved`; without those of a fused plan, which has no arrows. */
  readonly moved: number[] = [];

  constructor(
    private readonly ledger: Ledger,
    private readonly router: Router,
  ) {}

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
