import fc from "fast-check";
import { expect, it } from "vitest";

import { MAX_HISTOGRAMS, MAX_SERIES, metricTable } from "../../src/engine/metrics.ts";
import { prometheusPage } from "../../src/telemetry/prometheus-page.ts";
import { watched } from "./watched.ts";

type Watched = ReturnType<typeof watched>;

const page = (...pipelines: Watched[]) =>
  prometheusPage({ version: "1.2.3", pipelines: () => pipelines, withProcess: false });

/** `name{labels}` -> value. */
async function samplesOf(...pipelines: Watched[]): Promise<Map<string, number>> {
  const lines = (await page(...pipelines).text())
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(" ");
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

it("has every metric of the table with its type and help, and the version", async () => {
  const text = await page(watched()).text();
  for (const [name, { type, help }] of Object.entries(metricTable)) {
    expect(text).toContain(`# TYPE sluice_${name} ${type}\n`.trimEnd());
    expect(text).toContain(`# HELP sluice_${name} ${help}`);
  }
  expect(text).toContain(`sluice_build_info{version="1.2.3",node="${process.versions.node}"} 1`);
});

it("reads the numbers when it is asked, of each pipeline under its name", async () => {
  const one = watched("one");
  const two = watched("two");
  const cell = one.metrics.cell("sink_retries_total", { destination: "d", code: "http-503" });
  cell.value = 3;
  two.metrics.count("values_total", 7);
  const first = await samplesOf(one, two);
  expect(first.get('sluice_sink_retries_total{pipeline="one",destination="d",code="http-503"}')).toBe(3);
  expect(first.get('sluice_values_total{pipeline="two"}')).toBe(7);
  cell.value += 1;
  expect(one.dials.published).toBe(1);
  const second = await samplesOf(one, two);
  expect(second.get('sluice_sink_retries_total{pipeline="one",destination="d",code="http-503"}')).toBe(4);
  expect(one.dials.published).toBe(2);
});

it("keeps a label whatever is in it on its line", async () => {
  const one = watched();
  one.metrics.count("dropped_by_detail_total", 1, { reason: "r", detail: 'a"b\\c\nd} 9\n# EOF' });
  const samples = [...(await samplesOf(one))].filter(([name]) => name.startsWith("sluice_dropped_by_detail"));
  expect(samples).toEqual([
    [
      'sluice_dropped_by_detail_total{pipeline="under-test",reason="r",detail="a\\"b\\\\c\\nd} 9\\n# EOF"}',
      1,
    ],
  ]);
});

it("shows a histogram whose buckets add up, whatever was observed", async () => {
  const observed = fc.array(fc.double({ min: 0, max: 100_000, noNaN: true }), { maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(observed, async (values) => {
      const one = watched();
      const cell = one.metrics.histogram("sink_request_duration_seconds", { destination: "d" });
      for (const value of values) cell.observe(value);
      const samples = await samplesOf(one);
      const at = (le: number | string) =>
        samples.get(
          `sluice_sink_request_duration_seconds_bucket{pipeline="under-test",destination="d",le="${le}"}`,
        );
      for (const bound of cell.bounds)
        expect(at(bound)).toBe(values.filter((value) => value <= bound).length);
      expect(at("+Inf")).toBe(values.length);
      expect(
        samples.get('sluice_sink_request_duration_seconds_count{pipeline="under-test",destination="d"}'),
      ).toBe(values.length);
    }),
  );
});

it.each([
  ["sink_events_delivered_total", ["destination"]],
  ["dropped_total", ["stage", "reason"]],
  ["dead_letters_total", ["stage", "code"]],
  ["sink_retries_total", ["destination", "code"]],
  ["dropped_by_detail_total", ["reason", "detail"]],
] as const)("bounds %s, with `other` for the rest, and loses no count", async (name, labels) => {
  const one = watched();
  const made = 4 * MAX_SERIES;
  for (let i = 0; i < made; i++)
    one.metrics.count(name, 1, Object.fromEntries(labels.map((label) => [label, `${label}-${i}`])));
  const samples = [...(await samplesOf(one))].filter(([key]) => key.startsWith(`sluice_${name}{`));
  expect(samples.length).toBe(MAX_SERIES + 1);
  const others = labels.map((label) => `${label}="other"`).join(",");
  expect(samples.at(-1)).toEqual([`sluice_${name}{pipeline="under-test",${others}}`, made - MAX_SERIES]);
  expect(samples.reduce((sum, [, value]) => sum + value, 0)).toBe(made);
});

it("bounds histograms too", () => {
  const { metrics } = watched();
  for (let i = 0; i < 4 * MAX_HISTOGRAMS; i++)
    metrics.histogram("event_lag_seconds", { destination: `d-${i}` }).observe(1);
  const samples = metrics.histogramSamples("event_lag_seconds");
  expect(samples.length).toBe(MAX_HISTOGRAMS + 1);
  expect(samples.at(-1)).toMatchObject({
    labels: { destination: "other" },
    cell: { count: 3 * MAX_HISTOGRAMS },
  });
});
