import { describe, expect, test } from "vitest";

import { Drop, type TransformDefinition } from "../../src/engine/contracts.ts";
import { TEST_EVENT_KEY } from "../../src/events/test-event.ts";
import { createFilter } from "../../src/transforms/filter/create.ts";
import definition from "../../src/transforms/filter.ts";
import { problemsOf } from "../support/definitions.ts";
import { aSegmentEvent } from "../support/segment-events.ts";
import { applyOf, rejection } from "../support/transforms.ts";
import { registry } from "../../src/registry.ts";

/** Without the wait for what it loads. */
const filter: TransformDefinition = { ...definition, create: createFilter as TransformDefinition["create"] };

const envelope = (event: object) => ({ project: "p", environment: "e", event });
const feature = envelope({ kind: "feature", key: "checkout" });

describe("an expression that cannot be worked out", () => {
  const keep = "event.reason.inExperiment";

  test("makes a dead letter by default", () => {
    const { code, message } = rejection(() => applyOf(filter, { keep })(feature));
    expect([code, message]).toEqual(["expression-failed", "the expression failed: No such key: reason"]);
  });

  test("keeps or drops the event when told so", () => {
    expect(applyOf(filter, { keep, onError: "keep" })(feature)).toBe(feature);
    expect(applyOf(filter, { keep, onError: "drop", label: "x" })(feature)).toEqual(
      new Drop("filter-failed", "x"),
    );
  });

  test("includes one that is no truth value for this event", () => {
    const apply = applyOf(filter, { keep: "event.data" });
    expect(rejection(() => apply(envelope({ data: "yes" }))).message).toBe(
      "keep must be true or false, but is a string",
    );
  });
});

test("a document that is no export event is a dead letter, whatever the expression", () => {
  expect(rejection(() => applyOf(filter, { keep: "true", onError: "keep" })({})).code).toBe("bad-envelope");
});

test("passes an event for which the expression is true, and drops the others under its label", () => {
  const apply = applyOf(filter, { keep: "event.key == 'checkout'", label: "our flags" });
  expect(apply(feature)).toBe(feature);
  expect(apply(envelope({ key: "other" }))).toEqual(new Drop("filtered", "our flags"));
});

test("passes test events: someone is waiting for them", () => {
  const event = envelope({ key: TEST_EVENT_KEY });
  expect(applyOf(filter, { keep: "false" })(event)).toBe(event);
});

test("works on Segment events, with the destination", () => {
  const keep = "event.properties.key == 'checkout' && destination.id == 'segment-production'";
  const event = aSegmentEvent();
  expect(applyOf(filter, { on: "segment-event", keep })(event)).toBe(event);
});

describe("at load", () => {
  const pipeline = (transforms: string) =>
    `name: demo\nsource: {type: memory, values: []}\ntransforms:\n${transforms}\nsink: {type: stdout}\ndeadLetters: {type: file, path: d.ndjson}\n`;
  const says = (transforms: string) => problemsOf({ text: pipeline(transforms), registry });

  test.each([
    [
      "a mistake in a plain text points into it",
      "  - type: json-decode\n  - type: filter\n    keep: evnt.kind == 'feature'",
      ["6:11 bad-expression column 1: unknown field evnt, did you mean event?"],
    ],
    [
      "in a quoted text",
      "  - type: json-decode\n  - type: filter\n    keep: \"event.kin == 'feature'\"",
      ['6:18 bad-expression column 7: unknown field kin, did you mean kind? (["kin"] is taken as it is)'],
    ],
    [
      "in a block, on its own line",
      "  - type: json-decode\n  - type: filter\n    keep: |\n      event.kind == 'feature' &&\n        event.kee == 'x'",
      [
        '8:15 bad-expression line 2, column 9: unknown field kee, did you mean key? (["kee"] is taken as it is)',
      ],
    ],
    [
      "in a folded text it is the text's own place",
      "  - type: json-decode\n  - type: filter\n    keep: >-\n      event.kind == 'feature' &&\n      event.kee == 'x'",
      ['6:11 bad-expression column 34: unknown field kee, did you mean key? (["kee"] is taken as it is)'],
    ],
    [
      "a filter set for the other shape",
      "  - type: json-decode\n  - type: segment-event\n  - type: filter\n    keep: event.kind == 'feature'",
      [
        "6:11 shape-mismatch filter takes export-event but segment-event gives segment-event: set its key `on` to segment-event, or move it",
      ],
    ],
    [
      "a filter before anything was decoded",
      "  - type: filter\n    keep: event.kind == 'feature'\n  - type: json-decode",
      ["4:11 shape-mismatch filter takes export-event but memory gives bytes: move json-decode before it"],
    ],
  ])("%s", async (_, transforms, expected) => {
    expect(await says(transforms)).toEqual(expected);
  });
});
