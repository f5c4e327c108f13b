import { expect, it } from "vitest";

import { EventLag } from "../../src/engine/event-lag.ts";
import { Metrics } from "../../src/engine/metrics.ts";
import { VirtualClock } from "../../src/engine/virtual-clock.ts";

function world() {
  const clock = new VirtualClock();
  const metrics = new Metrics();
  const lag = new EventLag(metrics, clock);
  const delivered = (...agesMs: number[]) =>
    lag.delivered(
      "d",
      agesMs.map((age) => ({ origin: { publishedAtMs: clock.wallMs() - age } })),
      "segment",
    );
  const shown = () => {
    lag.turn();
    return metrics.total("event_lag_max_seconds");
  };
  return { clock, metrics, lag, delivered, shown };
}

it("counts nothing for what has no time of publishing, and nothing below zero", () => {
  const { lag, metrics, delivered } = world();
  lag.delivered("d", [{ origin: { publishedAtMs: 0 } }], "segment");
  delivered(-5_000);
  expect(metrics.histogramSamples("event_lag_seconds")).toMatchObject([{ cell: { count: 1, sum: 0 } }]);
});

it("lets the largest go after one to two minutes, however often somebody looks", async () => {
  const { clock, delivered, shown } = world();
  delivered(100, 9_000, 20);
  expect(shown()).toBe(9);
  for (let second = 0; second < 59; second++) {
    await clock.advance(1_000);
    expect(shown()).toBe(9);
  }
  await clock.advance(1_000);
  delivered(1_000);
  expect(shown()).toBe(9);
  await clock.advance(60_000);
  expect(shown()).toBe(1);
  await clock.advance(300_000);
  expect(shown()).toBe(0);
});
