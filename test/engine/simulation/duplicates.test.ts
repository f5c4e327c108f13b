import { describe, expect, it } from "vitest";

import { simulateDuplicates } from "./duplicates.ts";

const SEEDS = Number(process.env["SLUICE_SIM_SEEDS"] ?? 1_000);
const FIRST = Number(process.env["SLUICE_SIM_FIRST"] ?? Math.floor(Math.random() * 1e9));

describe("a stage that lets each key through once, in a process that dies again and again", () => {
  it(`acks nothing that would be lost, and never waits for ever, for ${SEEDS} seeds from ${FIRST}`, {
    timeout: 600_000,
  }, async () => {
    const broken: string[] = [];
    const sum = { duplicates: 0, waited: 0, lostLives: 0, copies: 0 };
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const { violations, ...counts } = await simulateDuplicates(seed);
      for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += counts[name];
      if (violations.length > 0) broken.push(`seed ${seed}: ${violations.slice(0, 3).join("; ")}`);
    }
    expect(broken.slice(0, 10)).toEqual([]);
    // Worth something only if much happens.
    expect(sum.copies).toBeGreaterThan(SEEDS * 10);
    expect(sum.duplicates).toBeGreaterThan(SEEDS);
    if (SEEDS >= 100) {
      expect(sum.waited).toBeGreaterThan(SEEDS / 2);
      expect(sum.lostLives).toBeGreaterThan(SEEDS / 4);
    }
  });

  it("is the same again for the same seed", async () => {
    expect(await simulateDuplicates(7)).toEqual(await simulateDuplicates(7));
  });
});
