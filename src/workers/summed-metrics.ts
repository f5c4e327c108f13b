// One page for several workers. What a pipeline counts is added up, with what workers that ended had counted, so that no
// counter ever falls; gauges are put together as each one asks for (`across` in the table). What belongs to a process
// has no pipeline, and gets a label that says whose it is.

import { AggregatorRegistry } from "prom-client";

import { MAX_HISTOGRAMS, MAX_SERIES } from "../engine/metrics.ts";
import type { MetricJson, MetricValue } from "../telemetry/prometheus-page.ts";

type Snapshot = readonly MetricJson[];

/** These have few values: a bound of their own. */
const KEPT_LABELS = new Set(["pipeline", "worker", "le"]);

export class SummedMetrics {
  private readonly current = new Map<number, Snapshot>();
  private ended: Promise<Snapshot> = Promise.resolve([]);

  /** The newest replaces the one before, of the same life. */
  take(worker: number, snapshot: Snapshot): void {
    this.current.set(
      worker,
      snapshot.map((metric) => labelled(metric, String(worker))),
    );
  }

  /** A life is over: what it last told stays counted. */
  end(worker: number): void {
    const last = this.current.get(worker);
    if (!last) return;
    this.current.delete(worker);
    const before = this.ended;
    this.ended = before.then(async (ended) => (await summed([ended, last.filter(lasts)])).map(bounded));
  }

  /** In the text format of Prometheus. `own`: of the supervisor. */
  async text(own: Snapshot): Promise<string> {
    // Both at one time: what is over is in exactly one of them.
    const [ended, current] = [this.ended, [...this.current.values()]];
    const mine = own.map((metric) => labelled(metric, "supervisor"));
    return AggregatorRegistry.aggregate([await ended, ...current, mine].map(mutable)).metrics();
  }
}

async function summed(snapshots: readonly Snapshot[]): Promise<Snapshot> {
  const metrics: readonly unknown[] = await AggregatorRegistry.aggregate(
    snapshots.map(mutable),
  ).getMetricsAsJSON();
  return metrics as Snapshot; // What was put in, added up.
}

/** The library's types ask for lists that it does not change. */
function mutable(snapshot: Snapshot): object[] {
  return [...snapshot];
}

function lasts({ type }: MetricJson): boolean {
  return type === "counter" || type === "histogram";
}

function labelled(metric: MetricJson, worker: string): MetricJson {
  const isOfAll = metric.values.length === 0 || metric.name.startsWith("sluice_worker");
  if (isOfAll || metric.values.some(({ labels }) => "pipeline" in labels)) return metric;
  const values = metric.values.map((one) => ({ ...one, labels: { ...one.labels, worker } }));
  return { ...metric, values, aggregator: "sum" };
}

/** Each start may bring label sets that the one before did not know; those beyond the bound are counted as one. */
function bounded(metric: MetricJson): MetricJson {
  const bounds = new Set(metric.values.map(({ labels }) => labels["le"]));
  // Of a histogram: a bucket for each bound, the sum and the count. They stand together.
  const most = metric.type === "histogram" ? MAX_HISTOGRAMS * (bounds.size + 1) : MAX_SERIES;
  if (metric.values.length <= most) return metric;
  const others = new Map<string, MetricValue>();
  for (const one of metric.values.slice(most)) {
    const names = Object.entries(one.labels).map(([name, is]) => [
      name,
      KEPT_LABELS.has(name) ? is : "other",
    ]);
    const other: MetricValue = { ...one, labels: Object.fromEntries(names) };
    const key = JSON.stringify([other.metricName, other.labels]);
    others.set(key, { ...other, value: one.value + (others.get(key)?.value ?? 0) });
  }
  return { ...metric, values: [...metric.values.slice(0, most), ...others.values()] };
}
