// The machinery of the operator's run, in a few seconds: one fault, its alerts, and the times of the rules divided by
// more than there. All the faults: `make operate`.

import { readFile } from "node:fs/promises";

import { expect, it, onTestFinished } from "vitest";

import { destinationRefuses, faults } from "./faults.ts";
import { Ground } from "./ground.ts";
import { play } from "./play.ts";
import { missingTools } from "./prometheus.ts";

const SOON = { fireMs: 90_000, clearMs: 90_000 };

it("has a fault for each alert", async () => {
  const rules = await readFile("deploy/prometheus/alerts.yaml", "utf8");
  const alerts = [...rules.matchAll(/alert: (\S+)/g)].map(([, alert]) => alert);
  expect(faults.flatMap((fault) => fault.alerts).sort()).toEqual(alerts.sort());
});

it("pages when a destination refuses everything, and is over when it takes again", async () => {
  if (missingTools.length > 0) {
    expect(process.env["SLUICE_REQUIRE_PROMTOOL"]).toBeUndefined();
    process.stderr.write(`NOT RUN: ${missingTools.join(" and ")} is not installed (Debian: prometheus)\n`);
    return;
  }
  const ground = await Ground.open({ timesFaster: 150, rateStore: undefined });
  onTestFinished(() => ground.close());
  const { alerts } = await play(ground, { ...destinationRefuses, alerts: ["SluiceDestinationDown"] }, SOON);
  const time = expect.any(Number);
  const expected = { alert: "SluiceDestinationDown", firedAfter: time, clearedAfter: time };
  expect(alerts, ground.parts.unit.log.slice(-2_000)).toEqual([expected]);
});
