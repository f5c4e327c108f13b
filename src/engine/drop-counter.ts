// Counts drops by reason and by detail without building a label set per event.

import type { Drop } from "./contracts.ts";
import type { Cell, Metrics } from "./metrics.ts";

/** Details (flag keys) remembered; the metrics bound them as well, and put what is more under `other`. */
const MAX_DETAILS = 10_000;

export class DropCounter {
  private readonly reasons = new Map<string, Map<string, Cell>>();
  private readonly details = new Map<string, Map<string, Cell>>();
  private detailCount = 0;

  constructor(private readonly metrics: Metrics) {}

  count(stage: string, { reason, detail }: Drop, times = 1): void {
    this.reason(stage, reason).value += times;
    if (detail !== "") this.detail(reason, detail).value += times;
  }

  private reason(stage: string, reason: string): Cell {
    const byReason = entry(this.reasons, stage);
    const known = byReason.get(reason);
    if (known) return known;
    const cell = this.metrics.cell("dropped_total", { stage, reason });
    byReason.set(reason, cell);
    return cell;
  }

  private detail(reason: string, detail: string): Cell {
    const byDetail = entry(this.details, reason);
    const known = byDetail.get(detail);
    if (known) return known;
    const cell = this.metrics.cell("dropped_by_detail_total", { reason, detail });
    if (this.detailCount < MAX_DETAILS) {
      this.detailCount += 1;
      byDetail.set(detail, cell);
    }
    return cell;
  }
}

function entry(of: Map<string, Map<string, Cell>>, key: string): Map<string, Cell> {
  const known = of.get(key);
  if (known) return known;
  const made = new Map<string, Cell>();
  of.set(key, made);
  return made;
}
