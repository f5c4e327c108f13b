import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { creationMs, isoTime, LATEST_MS } from "../../../src/transforms/segment-event/timestamp.ts";

describe("the timestamp", () => {
  it("is what Date writes, from whichever second to whichever", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: LATEST_MS }), { minLength: 1 }), (times) => {
        for (const ms of [...times, ...times.map((time) => time - (time % 1_000))])
          expect(isoTime(ms)).toBe(new Date(ms).toISOString());
      }),
    );
  });

  it("is rounded to milliseconds when an SDK writes fractions", () => {
    expect(creationMs({ creationDate: 1.46222094400049e12 })).toBe(1_462_220_944_000);
    expect(creationMs({ creationDate: 1_462_220_944_000.5 })).toBe(1_462_220_944_001);
  });
});
