import Table from "cli-table3";

import type { Metrics } from "../../engine/metrics.ts";
import { otherDestination } from "../../engine/router.ts";
import { number } from "../summary.ts";
import { plainText } from "./plain-text.ts";
import { leftReasons, type Tally } from "./tally.ts";

export interface RedriveSummary {
  readonly title: string;
  readonly tally: Tally;
  readonly metrics: Metrics;
  readonly damagedLines: number;
  readonly elapsedMs: number;
}

/** What was met, what became of it, and what still waits. */
export function redriveSummary({ title, tally, metrics, damagedLines, elapsedMs }: RedriveSummary): string {
  const table = new Table({
    head: [title, "", "letters"],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", "left", "right"],
  });
  const row = (name: string, detail: string, n: number) => table.push([name, plainText(detail), number(n)]);
  row("read", "", tally.read);
  if (tally.alreadyRedriven > 0) row("passed over", "redriven before", tally.alreadyRedriven);
  if (tally.repeated > 0) row("passed over", "the same event again", tally.repeated);
  row("redriven", "", tally.redriven);
  for (const { labels, value } of metrics.samples("sink_events_delivered_total"))
    if (value > 0) row("  delivered", labels["destination"] ?? "", value);
  for (const { labels, value } of metrics.samples("dropped_total"))
    if (labels["reason"] !== otherDestination.reason) row("  dropped", labels["reason"] ?? "", value);
  for (const { labels, value } of metrics.samples("dead_letters_total"))
    row("  failed again", `${labels["code"] ?? ""} (a new letter)`, value);
  for (const [reason, n] of tally.left) row("still waiting", `${reason}: ${leftReasons[reason]}`, n);
  if (damagedLines > 0) row("damaged lines", "skipped; see the log", damagedLines);
  table.push(["time", `${(elapsedMs / 1000).toFixed(1)} s`, ""]);
  return table.toString();
}
