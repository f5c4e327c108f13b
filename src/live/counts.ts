// What one pipeline counted, over all its definitions: a reload ends one run and begins another, and a sum must not
// fall back to nothing. Ended runs are folded into one number per label set; running ones are read when asked.

import type { Labels, Metrics, Sample } from "../engine/metrics.ts";

/** Counters that are folded; gauges of a run that ended mean nothing. */
const FOLDED = [
  "records_received_total",
  "records_acked_total",
  "records_given_back_total",
  "values_total",
  "dropped_total",
  "dead_letters_total",
  "test_events_total",
  "sink_events_delivered_total",
  "sink_bytes_delivered_total",
  "sink_retries_total",
  "sink_rate_limit_wait_seconds_total",
] as const;

export type Counter = (typeof FOLDED)[number];

export class Counts {
  /** How many runs count in each: those of one pipeline may share. */
  private readonly running = new Map<Metrics, number>();
  private readonly ended = new Map<Counter, Map<string, Sample>>();

  add(metrics: Metrics): void {
    this.running.set(metrics, (this.running.get(metrics) ?? 0) + 1);
  }

  /** The run is over: its numbers stay. */
  fold(metrics: Metrics): void {
    const others = (this.running.get(metrics) ?? 0) - 1;
    if (others > 0) this.running.set(metrics, others);
    if (others > 0 || !this.running.delete(metrics)) return;
    for (const name of FOLDED)
      this.ended.set(name, merged([...this.ofEnded(name), ...metrics.samples(name)]));
  }

  /** Sums by label set. */
  samples(name: Counter): readonly Sample[] {
    const [only] = this.running.keys();
    if (only && this.running.size === 1 && !this.ended.has(name)) return only.samples(name);
    const running = [...this.running.keys()].flatMap((metrics) => metrics.samples(name));
    return [...merged([...this.ofEnded(name), ...running]).values()];
  }

  total(name: Counter): number {
    return this.samples(name).reduce((sum, { value }) => sum + value, 0);
  }

  private ofEnded(name: Counter): Iterable<Sample> {
    return this.ended.get(name)?.values() ?? [];
  }
}

function merged(samples: readonly Sample[]): Map<string, Sample> {
  const sums = new Map<string, Sample>();
  for (const sample of samples) {
    const key = keyOf(sample.labels);
    const known = sums.get(key);
    sums.set(key, known ? { ...known, value: known.value + sample.value } : sample);
  }
  return sums;
}

function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}
