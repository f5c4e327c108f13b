import { describe, expect, it } from "vitest";

import { keepYoungGenerationSmall } from "../../../src/commands/run/young-generation.ts";
import { VirtualClock } from "../../../src/engine/virtual-clock.ts";

function aProcess() {
  const clock = new VirtualClock();
  const factors: number[] = [];
  const load = { busy: 0 };
  const release = keepYoungGenerationSmall({
    clock,
    busyPart: () => load.busy,
    setGrowth: (factor) => factors.push(factor),
  });
  return { clock, factors, load, release };
}

describe("the young generation", () => {
  it("is held from the start, and may grow once the process was busy for three looks in a row", async () => {
    const { clock, factors, load } = aProcess();
    expect(factors).toEqual([1]);
    load.busy = 0.9;
    await clock.advance(2_000);
    load.busy = 0.1;
    await clock.advance(1_000);
    load.busy = 0.9;
    await clock.advance(2_000);
    expect(new Set(factors)).toEqual(new Set([1]));
    await clock.advance(1_000);
    expect(factors.at(-1)).toBe(2);
  });

  it("is held again when there is little to do", async () => {
    const { clock, factors, load } = aProcess();
    load.busy = 0.9;
    await clock.advance(10_000);
    expect(factors.at(-1)).toBe(2);
    load.busy = 0.2;
    await clock.advance(1_000);
    expect(factors.at(-1)).toBe(1);
  });

  it("may grow as V8 wants it when the run is over, and is looked at no more", async () => {
    const { clock, factors, load, release } = aProcess();
    release();
    expect(factors).toEqual([1, 2]);
    load.busy = 0.2;
    await clock.advance(60_000);
    expect(factors).toEqual([1, 2]);
  });
});
