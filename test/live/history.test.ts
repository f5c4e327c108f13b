import { describe, expect, it } from "vitest";

import { PipelineHistory, type Point } from "../../src/live/history.ts";

const still: Point = {
  received: 0,
  values: 0,
  delivered: 0,
  dropped: 0,
  deadLettered: 0,
  inFlight: 0,
  lagMs: 0,
  limiterUse: 0,
  limiterWaitShare: 0,
};

/** `seconds` points, one a second, of which the n-th (from 0) delivered n. */
function aHistory(seconds: number, with_: Partial<Point> = {}): PipelineHistory {
  const history = new PipelineHistory("p");
  for (let n = 0; n < seconds; n++) history.add(n * 1000, { ...still, delivered: n, ...with_ });
  return history;
}

describe("the history of a pipeline", () => {
  it("has each of the last 300 seconds, oldest first", () => {
    const { at, delivered, stepSeconds } = aHistory(1_000).view(5);
    expect([at.length, at[0], at.at(-1), stepSeconds]).toEqual([300, 700_000, 999_000, 1]);
    expect(delivered).toEqual(at.map((ms) => ms / 1000));
    expect(aHistory(1_000).view(1).at).toHaveLength(60);
    expect(aHistory(3).view(5).at).toEqual([0, 1_000, 2_000]);
    expect(aHistory(0).view(60).at).toEqual([]);
  });

  it("has an hour in steps of ten seconds: the mean of rates, the highest of the rest", () => {
    const { at, delivered, stepSeconds } = aHistory(4_000).view(60);
    expect([at.length, stepSeconds]).toEqual([360, 10]);
    expect(at.at(-1)).toBe(3_999_000);
    expect(delivered.at(-1)).toBe(3_994.5);
    expect(at[1]! - at[0]!).toBe(10_000);
    const peaks = new PipelineHistory("p");
    for (let n = 0; n < 10; n++) peaks.add(n, { ...still, inFlight: n === 3 ? 7 : 0, limiterUse: n / 10 });
    expect(peaks.view(60)).toMatchObject({ inFlight: [7], limiterUse: [0.9] });
  });

  it("tells what was not known as null, and a step by what of it was", () => {
    const history = new PipelineHistory("p");
    for (let n = 0; n < 20; n++) history.add(n, { ...still, lagMs: n === 4 ? 50 : Number.NaN });
    expect(history.view(5).lagMs.slice(3, 6)).toEqual([null, 50, null]);
    expect(history.view(60).lagMs).toEqual([50, null]);
  });
});
