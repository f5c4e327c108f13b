import { describe, expect, it } from "vitest";

import { SegmentEvent } from "../../../src/events/segment-event.ts";
import segmentEvent from "../../../src/transforms/segment-event.ts";
import { applyOf } from "../../support/transforms.ts";

const ENVIRONMENT = "5d4b12345d2a2806bd2cc6eb";
const anEvent = (event: object) => ({
  project: "p1",
  environment: ENVIRONMENT,
  version: 2,
  event: {
    kind: "feature",
    id: "e1",
    creationDate: 1_600_000_000_123,
    key: "flag",
    contextKeys: { user: "u1" },
    ...event,
  },
});
const messageOf = (value: unknown) => {
  if (!(value instanceof SegmentEvent))
    throw new Error(`expected one Segment event, got ${JSON.stringify(value)}`);
  return value.message;
};
const propertiesOf = (event: object, config: object = {}) =>
  messageOf(applyOf(segmentEvent, config)(anEvent(event))).properties;

describe("the properties", () => {
  it.each([
    ["text", "text"],
    ["", ""],
    [true, "true"],
    [0, "0"],
    [1.5, "1.5"],
    [["a", { b: null }], '["a",{"b":null}]'],
    [{}, "{}"],
    [null, undefined],
    [undefined, undefined],
  ])("have the value %j as the text %j", (value, text) => {
    expect(propertiesOf({ value })?.["value"]).toBe(text);
  });

  it("have the value as it is when asked to", () => {
    expect(propertiesOf({ value: { a: 1 } }, { value: "native" })?.["value"]).toEqual({ a: 1 });
    expect(propertiesOf({ value: null }, { value: "native" })).not.toHaveProperty("value");
  });

  it.each([
    // default, variation, reason.kind -> indicator, strict-variation
    [true, 1, "FALLTHROUGH", "true", "false"],
    [false, 1, "FALLTHROUGH", "false", "false"],
    [true, undefined, undefined, "true", "true"],
    [false, undefined, undefined, "false", "false"],
    [false, 1, "ERROR", "false", "false"],
    [true, 1, "ERROR", "true", "true"],
    [undefined, undefined, "ERROR", undefined, undefined],
    [null, 0, "RULE_MATCH", "false", "false"],
    [null, null, undefined, "true", "true"],
    ["fallback", undefined, undefined, "true", "true"],
    ["fallback", 2, undefined, "false", "false"],
    ["fallback", 2, "ERROR", "true", "true"],
    [{ a: 1 }, 2, undefined, "false", "false"],
  ])(
    "read default %j with variation %j and reason %j as %j, strictly %j",
    (given, variation, kind, loose, strict) => {
      const event = { default: given, variation, reason: kind && { kind } };
      expect(propertiesOf(event)?.["default"]).toBe(loose);
      expect(propertiesOf(event, { default: "strict-variation" })?.["default"]).toBe(strict);
    },
  );

  it("leave out what has another type than documented", () => {
    const odd = {
      id: 5,
      version: "42",
      variation: "1",
      variationName: "",
      reason: { kind: 7, inExperiment: "true" },
      prereqOf: {},
    };
    expect(propertiesOf(odd)).toEqual({
      contextKeys: { user: "u1" },
      project: "p1",
      environment: ENVIRONMENT,
      key: "flag",
      version: 2,
    });
  });

  it("have everything that a feature event may say, in a fixed order", () => {
    const event = {
      variationName: "on",
      variation: 1,
      value: true,
      version: 42,
      default: false,
      prereqOf: "parent",
      reason: { inExperiment: true, kind: "RULE_MATCH", ruleId: "r" },
    };
    expect(Object.entries(propertiesOf(event) ?? {}).slice(4)).toEqual([
      ["default", "false"],
      ["flagVersion", 42],
      ["inExperiment", true],
      ["key", "flag"],
      ["prereqOf", "parent"],
      ["reasonKind", "RULE_MATCH"],
      ["value", "true"],
      ["variation", 1],
      ["variationName", "on"],
      ["version", 2],
    ]);
  });

  it("have the metric value of a custom event, and no data unless asked to", () => {
    const event = { kind: "custom", metricValue: 2.5, data: { a: 1 }, samplingRatio: 10 };
    expect(propertiesOf(event)).toHaveProperty("metricValue", 2.5);
    expect(propertiesOf(event)).not.toHaveProperty("data");
    expect(propertiesOf(event, { extras: ["data", "samplingRatio"] })).toMatchObject({
      data: { a: 1 },
      samplingRatio: 10,
    });
  });

  it("have the whole reason of a feature event when asked to", () => {
    const reason = { kind: "RULE_MATCH", ruleIndex: 0 };
    expect(propertiesOf({ reason }, { extras: ["reason"] })).toMatchObject({
      reasonKind: "RULE_MATCH",
      reason,
    });
    expect(propertiesOf({ reason, kind: "click" }, { extras: ["reason"] })).not.toHaveProperty("reason");
  });
});
