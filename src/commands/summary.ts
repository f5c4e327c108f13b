// What a run did, as a table that people compare.

import Table from "cli-table3";

import type { Metrics } from "../engine/metrics.ts";

export interface SummaryOptions {
  readonly metrics: Metrics;
  readonly elapsedMs: number;
  readonly gaveBack: number;
  readonly title: string;
  /** A backfill looks for duplicates by itself; a live run only where its pipeline says so. */
  readonly countsDuplicates?: boolean;
}

/** In a backfill, drops with this reason are shown as a row of their own: they are no decision of the pipeline. */
const DUPLICATE = "duplicate";

export function summaryTable({
  metrics,
  elapsedMs,
  gaveBack,
  title,
  countsDuplicates,
}: SummaryOptions): string {
  const table = new Table({
    head: [title, "", "events"],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", "left", "right"],
  });
  const read = metrics.total("values_total");
  table.push(["read", "", number(read)]);
  for (const { labels, value } of metrics.samples("sink_events_delivered_total")) {
    table.push(["delivered", labels["destination"] ?? "", number(value)]);
  }
  const drops = metrics.samples("dropped_total");
  for (const { labels, value } of drops) {
    if (labels["reason"] !== DUPLICATE || !countsDuplicates)
      table.push(["dropped", labels["reason"] ?? "", number(value)]);
  }
  for (const { labels, value } of metrics.samples("dead_letters_total")) {
    table.push(["dead-lettered", labels["code"] ?? "", number(value)]);
  }
  const duplicates = drops.filter(({ labels }) => labels["reason"] === DUPLICATE);
  const skipped = duplicates.reduce((sum, { value }) => sum + value, 0);
  if (countsDuplicates) table.push(["duplicates skipped", "", number(skipped)]);
  if (gaveBack > 0) table.push(["given back", "records", number(gaveBack)]);
  const seconds = elapsedMs / 1000;
  table.push(["time", `${seconds.toFixed(1)} s`, `${number(Math.round(read / Math.max(seconds, 0.001)))}/s`]);
  return table.toString();
}

export function number(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
