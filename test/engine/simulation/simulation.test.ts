import { describe, expect, it } from "vitest";

import { scenarioOf } from "./scenario.ts";
import { simulate } from "./simulate.ts";

const SEEDS = Number(process.env["SLUICE_SIM_SEEDS"] ?? 1_000);
const FIRST = Number(process.env["SLUICE_SIM_FIRST"] ?? Math.floor(Math.random() * 1e9));

describe("the engine in random weather", () => {
  it(`keeps every law of settling for ${SEEDS} seeds from ${FIRST}`, { timeout: 600_000 }, async () => {
    const broken: string[] = [];
    let records = 0;
    let gaveBack = 0;
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const outcome = await simulate(scenarioOf(seed));
      records += outcome.records;
      gaveBack += outcome.gaveBack;
      if (outcome.violations.length > 0)
        broken.push(`seed ${seed}: ${outcome.violations.slice(0, 3).join("; ")}`);
    }
    expect(broken.slice(0, 10)).toEqual([]);
    // The scenarios are worth something only if much happens in them, give-backs included.
    expect(records).toBeGreaterThan(SEEDS * 5);
    if (SEEDS >= 100) expect(gaveBack).toBeGreaterThan(0);
  });

  it("is the same run again for the same seed", async () => {
    expect(await simulate(scenarioOf(7))).toEqual(await simulate(scenarioOf(7)));
  });
});
