import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { DataError } from "../../src/engine/errors.ts";
import { SegmentEvent } from "../../src/events/segment-event.ts";
import type { TransformDefinition } from "../../src/engine/contracts.ts";
import { checkSteps } from "../../src/transforms/map-fields/check-steps.ts";
import type { MapFieldsConfig } from "../../src/transforms/map-fields/config.ts";
import { createMapFields } from "../../src/transforms/map-fields/create.ts";
import definition from "../../src/transforms/map-fields.ts";
import { anyExportEvent } from "../support/arbitraries.ts";
import { aSegmentEvent } from "../support/segment-events.ts";
import { applyOf, rejection } from "../support/transforms.ts";

/** Without the wait for what it loads. */
const mapFields: TransformDefinition = {
  ...definition,
  create: createMapFields as TransformDefinition["create"],
};

const envelope = (event: object) => ({ project: "p", environment: "e", event });
const mapped = (event: object, ...steps: object[]) => applyOf(mapFields, { steps })(envelope(event));

describe("a step that is refused at load", () => {
  const problems = (step: object, on = "export-event") =>
    [...checkSteps({ on, steps: [step], onError: "dead-letter" } as MapFieldsConfig)].map(
      ({ path, code, message }) => `${path.join(".")} ${code} ${message}`,
    );

  test.each<[object, string]>([
    [{}, "steps.0 bad-step a step does one thing: set, default, rename, remove; this one has none of them"],
    [{ set: "event.a", remove: "event.b", value: 1 }, "this one has set and remove"],
    [{ set: "event.a" }, "set needs one of value, from, cel; this one has none of them"],
    [{ set: "event.a", value: 1, cel: "2" }, "this one has value and cel"],
    [{ rename: "event.key" }, "rename needs the key to"],
    [{ set: "event.a", value: 1, to: "event.b" }, "to belongs to rename, not to set"],
    [{ remove: "event.key", value: 1 }, "value cannot stand beside remove"],
    [{ set: "event", value: 1 }, "steps.0.set bad-path column 1: only fields below event can be changed"],
    [{ set: "project", value: 1 }, "only fields below event can be changed"],
    [{ set: "event.a.__proto__.b", value: 1 }, "steps.0.set bad-path column 9: this name is not taken"],
    [{ rename: "event.kye", to: "event.x" }, "steps.0.rename bad-path column 7: unknown field kye"],
    [{ set: "event.a", from: "event.kye" }, "steps.0.from bad-path column 7: unknown field kye"],
    [{ set: "event.a", cel: "origin.id" }, "steps.0.cel bad-expression column 1: unknown field origin"],
    [
      { set: "event.a", value: JSON.parse('{"x":{"__proto__":1}}') },
      "value holds a key named like JavaScript's own",
    ],
  ])("%j", (step, expected) => {
    expect(problems(step).join("\n")).toContain(expected);
  });

  test.each(["event.messageId", "event.type", "event.timestamp", "event.*"])(
    "of a Segment event: %s is protected",
    (path) => {
      expect(problems({ remove: path }, "segment-event").join()).toContain("protected-field");
    },
  );
});

describe("a step that cannot be done", () => {
  const steps = [
    { set: "event.key.part", value: 1 },
    { set: "event.done", value: true },
  ];

  test("makes a dead letter", () => {
    const { code, message } = rejection(() => mapped({ key: "text" }, ...steps));
    expect([code, message]).toEqual(["field-blocked", "event.key.part cannot be set: key is a string"]);
  });

  test("is left out when told so, and the others are done", () => {
    const apply = applyOf(mapFields, { steps, onError: "skip-step" });
    expect(apply(envelope({ key: "text" }))).toEqual(envelope({ key: "text", done: true }));
  });
});

describe("the steps", () => {
  test("set a constant, a copy, or what an expression gives, each seeing what the ones before made", () => {
    expect(
      mapped(
        { key: "checkout", metricValue: 2 },
        { set: "event.team", value: { name: "growth" } },
        { set: "event.copy", from: "event.key" },
        { set: "event.none", from: "event.url" },
        { set: "event.from", from: "project" },
        { set: "event.double", cel: "event.metricValue * 2" },
        { set: "event.label", cel: "event['team'].name + '/' + event['copy']" },
        { set: "event.nothing", cel: "event.?url" },
      ),
    ).toEqual(
      envelope({
        key: "checkout",
        metricValue: 2,
        team: { name: "growth" },
        copy: "checkout",
        from: "p",
        double: 4,
        label: "growth/checkout",
      }),
    );
  });

  test("default fills in what is missing or null, and nothing else", () => {
    const step = { default: "event.url", value: "unknown" };
    expect(mapped({ url: null }, step)).toEqual(envelope({ url: "unknown" }));
    expect(mapped({}, step)).toEqual(envelope({ url: "unknown" }));
    expect(mapped({ url: "" }, step)).toEqual(envelope({ url: "" }));
  });

  test("rename moves, remove removes, and both leave alone what is not there", () => {
    const steps = [{ rename: "event.url", to: "event.page.url" }, { remove: "event.user.custom.*" }];
    const given = { url: "https://x", user: { key: "a", custom: { email: "e", plan: "p" } } };
    expect(mapped(given, ...steps)).toEqual(
      envelope({ page: { url: "https://x" }, user: { key: "a", custom: {} } }),
    );
    const untouched = envelope({ key: "k" });
    expect(applyOf(mapFields, { steps })(untouched)).toBe(untouched);
  });

  test("change a Segment event into a new one for the same destination; the old one is as it was", () => {
    const event = aSegmentEvent();
    const before = JSON.stringify(event);
    const apply = applyOf(mapFields, {
      on: "segment-event",
      steps: [{ set: "event.properties.team", value: "growth" }],
    });
    const changed = apply(event) as SegmentEvent;
    expect(changed).toBeInstanceOf(SegmentEvent);
    expect(changed.destination).toBe(event.destination);
    expect(changed.message.properties).toEqual({ ...event.message.properties, team: "growth" });
    expect(JSON.stringify(event)).toBe(before);
  });
});

test("property: any event is mapped, or is a dead letter; the old one never changes; twice gives the same bytes", () => {
  const apply = applyOf(mapFields, {
    steps: [
      { set: "event.context.tag", value: 1 },
      { set: "event.sum", cel: "event.?metricValue.orValue(0) * 2" },
      { default: "event.user.name", from: "event.key" },
      { rename: "event.data", to: "event.custom.data" },
      { remove: "event.contextKeys.*" },
    ],
  });
  const attempt = (value: unknown) => {
    try {
      return JSON.stringify(apply(value));
    } catch (error) {
      if (error instanceof DataError) return error.code;
      throw error;
    }
  };
  fc.assert(
    fc.property(anyExportEvent, (value) => {
      const before = JSON.stringify(value);
      expect(attempt(value)).toBe(attempt(value));
      expect(JSON.stringify(value)).toBe(before);
    }),
    { numRuns: Number(process.env["SLUICE_FUZZ_RUNS"] ?? 2_000) },
  );
});
