import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { DropCounter } from "../../src/engine/drop-counter.ts";
import { Drop } from "../../src/engine/contracts.ts";
import {
  type HistogramName,
  MAX_HISTOGRAMS,
  MAX_SERIES,
  type MetricDefinition,
  type MetricName,
  Metrics,
  metricTable,
} from "../../src/engine/metrics.ts";

it("bounds the label sets of a metric: what is more is counted under `other`, and nothing is lost", () => {
  const metrics = new Metrics();
  const drops = new DropCounter(metrics);
  for (let i = 0; i < 5_000; i++) drops.count("filter-enabled", new Drop("flag-not-enabled", `flag-${i}`));
  expect(metrics.samples("dropped_by_detail_total").length).toBeLessThanOrEqual(1_001);
  expect(metrics.total("dropped_by_detail_total")).toBe(5_000);
  expect(metrics.samples("dropped_total")).toEqual([
    { name: "dropped_total", labels: { stage: "filter-enabled", reason: "flag-not-enabled" }, value: 5_000 },
  ]);
});

describe("every metric with labels", () => {
  const table = Object.entries<MetricDefinition>(metricTable).filter(([, { labels }]) => labels.length > 0);
  const values = fc.array(fc.string({ maxLength: 8 }), { minLength: 1, maxLength: 4_000, size: "max" });

  it.each(table)(
    "%s has at most so many label sets, whatever comes, and loses nothing",
    (name, definition) => {
      const { labels, type } = definition;
      const most = (type === "histogram" ? MAX_HISTOGRAMS : MAX_SERIES) + 1;
      const of = (value: string, i: number) =>
        Object.fromEntries(labels.map((label, at) => [label, `${value}${(i >> at) % 64}`]));
      fc.assert(
        fc.property(values, (all) => {
          const metrics = new Metrics();
          if (type === "histogram") {
            for (const [i, value] of all.entries())
              metrics.histogram(name as HistogramName, of(value, i)).observe(1);
            const samples = metrics.histogramSamples(name);
            expect(samples.length).toBeLessThanOrEqual(most);
            expect(samples.reduce((n, { cell }) => n + cell.count, 0)).toBe(all.length);
          } else {
            for (const [i, value] of all.entries()) metrics.count(name as MetricName, 1, of(value, i));
            expect(metrics.samples(name).length).toBeLessThanOrEqual(most);
            expect(metrics.total(name)).toBe(all.length);
          }
        }),
        { numRuns: 5, examples: [[Array.from({ length: 4_000 }, (_, i) => `${i}`)]] },
      );
    },
  );

  it("has no label whose values are ids, keys of users or secrets", () => {
    const known = ["code", "destination", "detail", "outcome", "reason", "sink", "stage", "status_class"];
    expect(new Set(table.flatMap(([, { labels }]) => labels))).toEqual(new Set(known));
  });
});
