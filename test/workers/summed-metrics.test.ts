import fc from "fast-check";
import { expect, it } from "vitest";

import { MAX_SERIES, Metrics } from "../../src/engine/metrics.ts";
import { prometheusPage } from "../../src/telemetry/prometheus-page.ts";
import { SummedMetrics } from "../../src/workers/summed-metrics.ts";
import { watched } from "../telemetry/watched.ts";

/** One life of a worker: the real metrics, and the real page of them. */
function aLife() {
  const pipeline = { ...watched("p"), metrics: new Metrics() };
  const page = prometheusPage({ version: "1", pipelines: () => [pipeline], withProcess: false });
  return { metrics: pipeline.metrics, json: () => page.json() };
}

const own = () => prometheusPage({ version: "1", pipelines: () => [], withProcess: false }).json();

async function seriesOf(sums: SummedMetrics): Promise<Map<string, number>> {
  const lines = (await sums.text(await own()))
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [
      line.slice(0, line.lastIndexOf(" ")),
      Number(line.slice(line.lastIndexOf(" ") + 1)),
    ]),
  );
}

it("adds up counters and histograms, and takes of gauges the sum, the most or the least", async () => {
  const sums = new SummedMetrics();
  for (const [worker, value] of [
    [1, 3],
    [2, 5],
  ] as const) {
    const { metrics, json } = aLife();
    metrics.count("values_total", value);
    metrics.set("records_in_flight", value);
    metrics.set("sink_lane_state", value - 2, { sink: "s", destination: "d" });
    metrics.set("source_open", worker - 1);
    metrics.set("sink_rate_limit_tokens", -1, { sink: "s", destination: "d" });
    metrics.histogram("sink_batch_events", { sink: "s", destination: "d" }).observe(value);
    sums.take(worker, await json());
  }
  const series = await seriesOf(sums);
  const at = (name: string, labels = "") => series.get(`sluice_${name}{pipeline="p"${labels}}`);
  const lane = ',sink="s",destination="d"';
  expect(at("values_total")).toBe(8);
  expect(at("records_in_flight")).toBe(8);
  expect(at("sink_lane_state", lane)).toBe(3);
  expect(at("source_open")).toBe(0);
  expect(at("sink_rate_limit_tokens", lane)).toBeLessThan(0);
  expect(at("sink_batch_events_sum", lane)).toBe(8);
  expect(at("sink_batch_events_count", lane)).toBe(2);
  expect(at("sink_batch_events_bucket", `${lane},le="5"`)).toBe(2);
});

it("tells apart what belongs to each process", async () => {
  const sums = new SummedMetrics();
  for (const worker of [1, 2]) sums.take(worker, await aLife().json());
  const limits = [...(await seriesOf(sums)).keys()].filter((key) =>
    key.startsWith("sluice_heap_limit_bytes"),
  );
  expect(limits.sort()).toEqual(
    ["1", "2", "supervisor"].map((who) => `sluice_heap_limit_bytes{worker="${who}"}`),
  );
});

it("forgets the gauges of a worker that ended, and keeps what it had counted", async () => {
  const sums = new SummedMetrics();
  const { metrics, json } = aLife();
  metrics.count("values_total", 7);
  metrics.set("records_in_flight", 7);
  sums.take(1, await json());
  sums.end(1);
  sums.end(1);
  const series = await seriesOf(sums);
  expect(series.get('sluice_values_total{pipeline="p"}')).toBe(7);
  expect(series.has('sluice_records_in_flight{pipeline="p"}')).toBe(false);
});

it("never falls, whoever counts, is looked at, ends and begins again", async () => {
  const step = fc.record({
    worker: fc.integer({ min: 1, max: 3 }),
    what: fc.constantFrom("count", "count", "observe", "look", "look", "end"),
    code: fc.constantFrom("a", "b", "c"),
    n: fc.integer({ min: 0, max: 100 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const sums = new SummedMetrics();
      const lives = new Map([1, 2, 3].map((worker) => [worker, aLife()]));
      let before = new Map<string, number>();
      let told = 0;
      const counted = new Map([1, 2, 3].map((worker) => [worker, 0]));
      const looked = new Map([1, 2, 3].map((worker) => [worker, 0]));
      for (const { worker, what, code, n } of steps) {
        const life = lives.get(worker)!;
        if (what === "count") {
          life.metrics.count("dead_letters_total", n, { stage: "s", code });
          counted.set(worker, counted.get(worker)! + n);
        } else if (what === "observe") {
          life.metrics.histogram("sink_batch_bytes", { sink: "s", destination: code }).observe(n * 1_000);
        } else if (what === "look") {
          sums.take(worker, await life.json());
          told += counted.get(worker)! - looked.get(worker)!;
          looked.set(worker, counted.get(worker)!);
        } else {
          sums.end(worker);
          lives.set(worker, aLife());
          counted.set(worker, 0);
          looked.set(worker, 0);
        }
        const series = await seriesOf(sums);
        for (const [name, value] of before)
          if (/_total|_bucket|_sum|_count/.test(name))
            expect(series.get(name), name).toBeGreaterThanOrEqual(value);
        before = series;
      }
      const letters = [...before].filter(([name]) => name.startsWith("sluice_dead_letters_total"));
      expect(letters.reduce((sum, [, value]) => sum + value, 0)).toBe(told);
    }),
    { numRuns: 40 },
  );
});

it("keeps a bounded number of series of workers that ended, and loses no count", async () => {
  const sums = new SummedMetrics();
  for (let life = 0; life < 3; life++) {
    const { metrics, json } = aLife();
    for (let i = 0; i < MAX_SERIES; i++)
      metrics.count("dead_letters_total", 1, { stage: "s", code: `${life}-${i}` });
    for (let i = 0; i < 90; i++)
      metrics.histogram("sink_batch_events", { sink: "s", destination: `${life}-${i}` }).observe(3);
    sums.take(1, await json());
    sums.end(1);
  }
  const series = [...(await seriesOf(sums))];
  const letters = series.filter(([name]) => name.startsWith("sluice_dead_letters_total"));
  expect(letters).toHaveLength(MAX_SERIES + 1);
  expect(letters.reduce((sum, [, value]) => sum + value, 0)).toBe(3 * MAX_SERIES);
  const counts = series.filter(([name]) => name.startsWith("sluice_sink_batch_events_count"));
  expect(counts).toHaveLength(101);
  expect(counts.at(-1)).toEqual([
    'sluice_sink_batch_events_count{pipeline="p",sink="other",destination="other"}',
    170,
  ]);
});
