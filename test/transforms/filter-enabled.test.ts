import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { declaredEnablement } from "../../src/destinations/enablement.ts";
import { Drop, type EnvironmentExport } from "../../src/engine/contracts.ts";
import { DataError } from "../../src/engine/errors.ts";
import filterEnabled from "../../src/transforms/filter-enabled.ts";
import { anyExportEvent } from "../support/arbitraries.ts";
import { applyOf, rejection } from "../support/transforms.ts";

const anEvent = (event: object, environment = "env") => ({ project: "p", environment, event });

function filter(exported: Partial<EnvironmentExport> | undefined, config: object = {}) {
  const found = exported && { allFlags: false, events: false, flags: new Set<string>(), ...exported };
  return applyOf(filterEnabled, config, {
    enablement: { forEnvironment: (_, environment) => (environment === "env" ? found : undefined) },
  });
}

describe("filter-enabled", () => {
  it("refuses a document without an envelope", () => {
    expect(rejection(() => filter({})({ event: {} })).code).toBe("bad-envelope");
  });

  it.each(["feature", "click", "index", "holographic"])(
    "drops a %s event of an environment that is not listed",
    (kind) => {
      const dropped = new Drop("environment-not-enabled", "other");
      expect(filter({ allFlags: true })(anEvent({ kind, key: "a" }, "other"))).toEqual(dropped);
      expect(filter(undefined)(anEvent({ kind }))).toEqual(new Drop("environment-not-enabled", "env"));
    },
  );

  it("drops a feature event whose flag is off, naming the flag", () => {
    const apply = filter({ flags: new Set(["a"]), events: true });
    expect(apply(anEvent({ kind: "feature", key: "b" }))).toEqual(new Drop("flag-not-enabled", "b"));
    expect(apply(anEvent({ kind: "feature" }))).toEqual(new Drop("flag-not-enabled", ""));
    expect(apply(anEvent({ kind: "feature", key: "b", reason: { inExperiment: "true" } }))).toBeInstanceOf(
      Drop,
    );
  });

  it.each(["click", "pageview", "custom", "alias"])("drops a %s event where events are off", (kind) => {
    expect(filter({ flags: new Set(["a"]) })(anEvent({ kind, key: "a" }))).toEqual(
      new Drop("events-not-enabled", kind),
    );
  });

  it.each([
    ["a feature event whose flag is on", { flags: new Set(["a"]) }, { kind: "feature", key: "a" }],
    ["any feature event where all flags are on", { allFlags: true }, { kind: "feature", key: "b" }],
    ["an evaluation in an experiment", {}, { kind: "feature", key: "b", reason: { inExperiment: true } }],
    ["a click where events are on", { events: true }, { kind: "click" }],
    ["a custom event where all flags are on", { allFlags: true }, { kind: "custom" }],
    ["a kind that the next stage must judge", {}, { kind: "index" }],
    ["an event without a kind", {}, {}],
    ["a test event by its flag key", undefined, { kind: "feature", key: "LaunchDarklyDataExportTestEvent" }],
    ["a test event by its user", undefined, { kind: "x", user: { key: "LaunchDarklyDataExportTestEvent" } }],
  ])("passes %s, as it came", (_, exported, event) => {
    const value = anEvent(event);
    expect(filter(exported)(value)).toBe(value);
  });

  it("drops experiment traffic of a flag that is off when asked to", () => {
    const event = anEvent({ kind: "feature", key: "b", reason: { inExperiment: true } });
    expect(filter({}, { experiments: false })(event)).toEqual(new Drop("flag-not-enabled", "b"));
  });

  it("gives the same Drop object for the same flag", () => {
    const apply = filter({});
    const event = anEvent({ kind: "feature", key: "b" });
    expect(apply(event)).toBe(apply(event));
  });

  it("passes, drops or refuses anything, by a declared name", () => {
    const enablement = declaredEnablement({
      environments: [
        { environment: "5d4b12345d2a2806bd2cc6eb", allFlags: false, events: true, flags: ["a"] },
      ],
    });
    const apply = applyOf(filterEnabled, {}, { enablement });
    fc.assert(
      fc.property(anyExportEvent, (value) => {
        try {
          const output = apply(value);
          if (output instanceof Drop) expect(Object.keys(filterEnabled.drops ?? {})).toContain(output.reason);
          else expect(output).toBe(value);
        } catch (error) {
          if (!(error instanceof DataError)) throw error;
          expect(error.code).toBe("bad-envelope");
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
