import { Value } from "typebox/value";
import { describe, expect, test } from "vitest";

import segment from "../../../src/sinks/segment/segment.ts";
import { EU_ENDPOINT, US_ENDPOINT } from "../../../src/sinks/segment/regions.ts";
import { aContext } from "../../support/context.ts";
import { checkOf } from "../../support/transforms.ts";

const problemsOf = (config: Record<string, unknown>) => checkOf(segment, { ...segment.example, ...config });

describe("the segment sink's configuration", () => {
  test.each([
    ["maxBatchEvents", 2_501],
    ["maxBatchEvents", 0],
    ["maxBatchBytes", 500_001],
    ["maxEventBytes", 32_769],
    ["concurrency", 17],
    ["concurrency", 0],
    ["lingerMs", -1],
    ["probeMs", 0],
    ["timeoutMs", 0],
    ["connectionTtlMs", 0],
    ["compress", true],
  ])("%s: %s is refused", (key, value) => {
    expect(Value.Check(segment.config, { ...segment.example, [key]: value })).toBe(false);
  });

  test("the example and the defaults are valid, and differ in the batch that fits the example's rate", () => {
    expect(Value.Check(segment.config, segment.example)).toBe(true);
    expect(Value.Default(segment.config, {})).toEqual({
      ...(segment.example as object),
      maxBatchEvents: 1_000,
    });
    expect(problemsOf({})).toEqual([]);
  });

  test("a batch must hold at least one event of the largest size", () => {
    expect(problemsOf({ maxBatchBytes: 32_768 })).toEqual([
      {
        path: ["maxBatchBytes"],
        code: "batch-smaller-than-event",
        message:
          "maxBatchBytes is 32768, but one event may have 32768 bytes and its envelope 1024; set at least 33792",
      },
    ]);
    expect(problemsOf({ maxBatchBytes: 33_792 })).toEqual([]);
  });

  test("the envelope keeps within what the check allows for it", async () => {
    const sink = await segment.create(segment.example, aContext());
    expect(sink.limits).toMatchObject({ count: 500, bytes: 480_000, itemBytes: 32_768, separatorBytes: 1 });
    expect(sink.limits.envelopeBytes).toBeLessThan(512);
    await sink.close();
  });

  test("the regions have the documented hosts", () => {
    expect([US_ENDPOINT, EU_ENDPOINT]).toEqual([
      "https://api.segment.io",
      "https://events.eu1.segmentapis.com",
    ]);
  });
});
