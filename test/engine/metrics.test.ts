import { expect, it } from "vitest";

import { DropCounter } from "../../src/engine/drop-counter.ts";
import { Drop } from "../../src/engine/contracts.ts";
import { Metrics } from "../../src/engine/metrics.ts";

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
