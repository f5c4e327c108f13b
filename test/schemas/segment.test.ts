import { describe, expect, it } from "vitest";

import { documented, EXAMPLES, sent } from "../support/fixtures.ts";
import { schemaProblems } from "../support/segment-schemas.ts";

const properties = (name: "feature" | "custom") => documented(name)["properties"] as Record<string, unknown>;

describe("the Segment schemas", () => {
  it.each(EXAMPLES)("take the documented %s event as the Debugger shows it, and as it is sent", (name) => {
    expect(schemaProblems(name, documented(name))).toEqual([]);
    expect(schemaProblems(name, sent(name))).toEqual([]);
  });

  it.each([
    ["a property that is not documented", { ...properties("feature"), surprise: 1 }],
    ["a numeric flag version as text", { ...properties("feature"), flagVersion: "42" }],
    ["a boolean default", { ...properties("feature"), default: true }],
    ["a value that is no text", { ...properties("feature"), value: false }],
    ["no context keys", { ...properties("feature"), contextKeys: {} }],
    ["no project", { ...properties("feature"), project: undefined }],
    ["a property of another kind", { ...properties("feature"), selector: "btn" }],
  ])("refuse a feature event with %s", (_, changed) => {
    const event = JSON.parse(JSON.stringify({ ...documented("feature"), properties: changed }));
    expect(schemaProblems("feature", event)).not.toEqual([]);
  });

  it.each([
    ["neither userId nor anonymousId", { userId: undefined }],
    ["an empty userId", { userId: "" }],
    ["a messageId of 100 characters", { messageId: "x".repeat(100) }],
    ["a timestamp without a time zone", { timestamp: "2019-09-13T21:20:18.114" }],
    ["a name", { name: "Home" }],
    ["a field of its own", { surprise: 1 }],
  ])("refuse a page event with %s", (_, changed) => {
    const event = JSON.parse(JSON.stringify({ ...documented("page"), ...changed }));
    expect(schemaProblems("page", event)).not.toEqual([]);
  });
});
