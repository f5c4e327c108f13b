import { describe, expect, test } from "vitest";

import type { Transform } from "../../src/engine/contracts.ts";
import { TEST_EVENT_KEY } from "../../src/events/test-event.ts";
import { registry } from "../../src/registry.ts";
import { createDedupe } from "../../src/transforms/dedupe/create.ts";
import type { DedupeConfig } from "../../src/transforms/dedupe.ts";
import { aContext } from "../support/context.ts";
import { problemsOf } from "../support/definitions.ts";
import { aSegmentEvent } from "../support/segment-events.ts";
import { anOrigin, rejection } from "../support/transforms.ts";

const envelope = (event: object, project = "p") => ({ project, environment: "e", event });

function keyOf(with_: Partial<DedupeConfig>, value: unknown): string | undefined {
  const defaults = { on: "export-event", windowMs: 1_000, maxKeys: 10, onError: "dead-letter" } as const;
  const transform: Transform = createDedupe({ ...defaults, ...with_ }, aContext());
  return transform.once!.keyOf(value, anOrigin);
}

describe("an expression that cannot be worked out", () => {
  const by = "event.context.key + '!'";

  test("makes a dead letter, or lets the event pass without a key when told so", () => {
    const event = envelope({ kind: "custom" });
    expect(rejection(() => keyOf({ by }, event)).code).toBe("expression-failed");
    expect(keyOf({ by, onError: "keep" }, event)).toBe(undefined);
  });

  test("does not hide a document that is no export event", () => {
    expect(rejection(() => keyOf({ by, onError: "keep" }, {})).code).toBe("bad-envelope");
    expect(rejection(() => keyOf({}, {})).code).toBe("bad-envelope");
  });
});

test("an event without the key, and a test event, have none", () => {
  expect(keyOf({ by: "event.userKey" }, envelope({}))).toBe(undefined);
  expect(keyOf({ by: "event.userKey" }, envelope({ userKey: "" }))).toBe(undefined);
  expect(keyOf({ by: "event.?userKey.orValue(null)" }, envelope({}))).toBe(undefined);
  expect(keyOf({}, envelope({ key: TEST_EVENT_KEY, id: "t" }))).toBe(undefined);
});

test("without `by` it is the event: its id, or all of it, in its project; of a Segment event the messageId", () => {
  const a = keyOf({}, envelope({ id: "1", kind: "custom" }));
  expect(keyOf({}, envelope({ kind: "click", id: "1" }))).toBe(a);
  expect(keyOf({}, envelope({ id: "1", kind: "custom" }, "other"))).not.toBe(a);
  expect(keyOf({}, envelope({ x: 1, y: 2 }))).toBe(keyOf({}, envelope({ y: 2, x: 1 })));
  expect(keyOf({}, envelope({ x: 1 }))).not.toBe(keyOf({}, envelope({ x: 2 })));
  expect(keyOf({ on: "segment-event" }, aSegmentEvent({ messageId: "ld-7" }))).toBe("=ld-7");
});

test("a path and an expression give one key for one field; a number and a text differ", () => {
  const path = keyOf({ by: "event.userKey" }, envelope({ userKey: "7" }));
  expect(keyOf({ by: "string(event.userKey)" }, envelope({ userKey: "7" }))).toBe(path);
  expect(keyOf({ by: "event.userKey" }, envelope({ userKey: 7 }))).not.toBe(path);
  expect(keyOf({ by: "[event.userKey, project]" }, envelope({ userKey: "7" }))).toBe('j["7","p"]');
});

test("no key is longer than 64 characters, and long ones that differ stay different", () => {
  const long = (end: string) =>
    keyOf({ by: "event.userKey" }, envelope({ userKey: "x".repeat(9_000) + end }))!;
  expect(long("a").length).toBeLessThanOrEqual(64);
  expect(long("a")).toBe(long("a"));
  expect(long("a")).not.toBe(long("b"));
});

describe("at load", () => {
  const says = (by: string) =>
    problemsOf({
      text: `name: demo\nsource: {type: memory, values: []}\ntransforms:\n  - type: json-decode\n  - type: dedupe\n    by: ${by}\nsink: {type: stdout}\ndeadLetters: {type: file, path: d.ndjson}\n`,
      registry,
    });

  test.each([
    [
      "event.kin",
      ['6:15 bad-path column 7: unknown field kin, did you mean kind? (["kin"] is taken as it is)'],
    ],
    ["evnt.kind == 'x'", ["6:9 bad-expression column 1: unknown field evnt, did you mean event?"]],
  ])("%s is a mistake, with its place", async (by, expected) => {
    expect(await says(by)).toEqual(expected);
  });

  test("a path, an expression and neither are right", async () => {
    expect(await says("event.userKey")).toEqual([]);
    expect(await says("event.kind + ':' + event.id")).toEqual([]);
  });
});
