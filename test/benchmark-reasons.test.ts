import { describe, expect, it } from "vitest";

interface Scale {
  reportOf(
    series: readonly { what: string; points: readonly { at: number; values: readonly number[] }[] }[],
    million: { largest: { at: number; peakMib: number } },
  ): { targets: readonly { met: boolean; ratio?: string; tried?: string }[] };
}
// The benchmarks have no types; what is used of this one is above.
const { reportOf } = (await import(
  new URL("bench/benchmarks/scale.mjs", import.meta.url).href
)) as unknown as Scale;

const BYTES = "bytes of an event";
const line = (what: string, costs: readonly number[], sizes = [200, 1_000, 30_000]) => {
  const points = sizes.map((at, i) => ({ at, values: [costs[i]!] }));
  const all = [{ what, points }, ...(what === BYTES ? [] : [{ what: BYTES, points }])];
  return reportOf(all, { largest: { at: 1_000, peakMib: 1 } }).targets[0]!;
};

describe("a line of the scale curve", () => {
  it("is met when it is flat within 15 %", () => {
    expect(line("files", [10, 11, 10.5])).toMatchObject({ met: true, ratio: "10 % apart" });
  });

  it("is met with its reason when that is the reason, and says that it is not flat", () => {
    const { met, ratio } = line(BYTES, [5, 8.2, 120]);
    expect(met).toBe(true);
    expect(ratio).toMatch(/not flat, because an event costs a fixed part and one for each byte/);
  });

  it("is missed when its reason does not explain it, or works the other way round", () => {
    for (const costs of [
      [5, 50, 6],
      [120, 8, 5],
      [100, 10, 120],
    ])
      expect(line(BYTES, costs)).toMatchObject({ met: false, tried: "Not flat, and not explained" });
  });

  it("is missed when nobody knows a reason", () => {
    expect(line("moons", [5, 8, 120])).toMatchObject({
      met: false,
      ratio: "2300 % apart: not flat, and no reason is known",
    });
  });
});
