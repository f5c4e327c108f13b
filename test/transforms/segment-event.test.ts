import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { Drop, Many } from "../../src/engine/contracts.ts";
import { DataError } from "../../src/engine/errors.ts";
import { SegmentEvent } from "../../src/events/segment-event.ts";
import segmentEvent from "../../src/transforms/segment-event.ts";
import { anyExportEvent, exportEvent } from "../support/arbitraries.ts";
import { aDestination, destinationsOf } from "../support/context.ts";
import { problemsOf } from "../support/segment-schemas.ts";
import { applyOf, counting, rejection } from "../support/transforms.ts";

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
const map = applyOf(segmentEvent);
const messageOf = (value: unknown) => {
  if (!(value instanceof SegmentEvent))
    throw new Error(`expected one Segment event, got ${JSON.stringify(value)}`);
  return value.message;
};
describe("segment-event refuses, as dead letters,", () => {
  it.each([
    ["bad-envelope", null],
    ["bad-envelope", []],
    ["bad-envelope", {}],
    ["bad-envelope", { project: "", environment: "e", event: {} }],
    ["bad-envelope", { project: "p", environment: 5, event: {} }],
    ["bad-envelope", { project: "p", environment: "e", event: [] }],
    ["unknown-kind", anEvent({ kind: "holographic" })],
    ["unknown-kind", anEvent({ kind: undefined })],
    ["unknown-kind", anEvent({ kind: 7 })],
    ["unknown-kind", anEvent({ kind: "constructor" })],
    ["no-key", anEvent({ key: undefined })],
    ["no-key", anEvent({ key: "" })],
    ["no-key", anEvent({ key: 5 })],
    ["no-identity", anEvent({ contextKeys: { org: "acme" } })],
    ["no-identity", anEvent({ contextKeys: { user: "" } })],
    ["no-identity", anEvent({ contextKeys: undefined })],
    ["no-identity", anEvent({ kind: "alias", key: "new" })],
    ["no-identity", anEvent({ kind: "alias", previousKey: "old", key: "" })],
    ["bad-timestamp", anEvent({ creationDate: undefined })],
    ["bad-timestamp", anEvent({ creationDate: "1600000000123" })],
    ["bad-timestamp", anEvent({ creationDate: 0 })],
    ["bad-timestamp", anEvent({ creationDate: -1 })],
    ["bad-timestamp", anEvent({ creationDate: Number.NaN })],
    ["bad-timestamp", anEvent({ creationDate: 8.64e15 })],
    ["bad-timestamp", anEvent({ kind: "alias", key: "a", previousKey: "b", creationDate: null })],
  ])("%s: %j", (code, value) => {
    expect(rejection(() => map(value)).code).toBe(code);
    expect(Object.keys(segmentEvent.rejects ?? {})).toContain(code);
  });

  it("says which event it was and what is wrong, but not whom it is about", () => {
    const { message } = rejection(() => map(anEvent({ contextKeys: { org: "secret-person" } })));
    expect(message).toBe('feature event e1 has no context of kind user or anonymousUser (its kinds: "org")');
  });

  it("shortens what it shows", () => {
    const { message } = rejection(() => map(anEvent({ kind: "k".repeat(5_000) })));
    expect(message.length).toBeLessThan(250);
  });
});

describe("segment-event drops", () => {
  it.each(["index", "identify", "summary", "debug", "migration_op"])("%s events, naming the kind", (kind) => {
    expect(map(anEvent({ kind }))).toEqual(new Drop("skipped-kind", kind));
  });

  it("a summary without a kind, as the documentation shows it", () => {
    const { kind: _, ...event } = anEvent({ features: {} }).event;
    expect(map({ ...anEvent({}), event })).toEqual(new Drop("skipped-kind", "summary"));
  });

  it("what no destination is waiting for, broken or not", () => {
    const nowhere = { destinations: destinationsOf(aDestination({ environment: "elsewhere" })) };
    expect(applyOf(segmentEvent, {}, nowhere)(anEvent({}))).toEqual(new Drop("no-destination"));
    expect(applyOf(segmentEvent, {}, nowhere)(anEvent({ kind: "?" }))).toEqual(new Drop("no-destination"));
  });

  it("with one object for all drops of a reason", () => {
    expect(map(anEvent({ kind: "debug" }))).toBe(map(anEvent({ kind: "debug" })));
  });
});

describe("segment-event maps", () => {
  it("a click to a track event called click", () => {
    const event = { kind: "click", key: "metric", url: "https://example.com/", selector: "btn" };
    const message = messageOf(map(anEvent(event)));
    expect(message).toEqual({
      event: "click",
      integrations: {},
      messageId: message.messageId,
      properties: {
        contextKeys: { user: "u1" },
        project: "p1",
        environment: ENVIRONMENT,
        eventId: "e1",
        key: "metric",
        selector: "btn",
        url: "https://example.com/",
        version: 2,
      },
      timestamp: "2020-09-13T12:26:40.123Z",
      type: "track",
      userId: "u1",
    });
  });

  it("a page view to a page without event and name", () => {
    const message = messageOf(map(anEvent({ kind: "pageview", url: "https://example.com/" })));
    expect(message.type).toBe("page");
    expect(Object.keys(message)).toEqual([
      "integrations",
      "messageId",
      "properties",
      "timestamp",
      "type",
      "userId",
    ]);
  });

  it("an alias, with project and environment at the top", () => {
    const event = {
      kind: "alias",
      key: "new",
      contextKind: "user",
      previousKey: "old",
      previousContextKind: "anonymous",
    };
    const message = messageOf(map(anEvent(event)));
    expect(JSON.stringify(message)).toBe(
      JSON.stringify({
        environment: ENVIRONMENT,
        integrations: {},
        messageId: message.messageId,
        previousId: "old",
        project: "p1",
        timestamp: "2020-09-13T12:26:40.123Z",
        type: "alias",
        userId: "new",
      }),
    );
    expect(problemsOf(message)).toEqual([]);
  });

  it("one event for each destination, each with its own id and the same content", () => {
    const destinations = destinationsOf(aDestination({ id: "one" }), aDestination({ id: "two" }));
    const many = applyOf(segmentEvent, {}, { destinations })(anEvent({})) as Many<SegmentEvent>;
    expect(many).toBeInstanceOf(Many);
    const events = many.values.filter((event) => event instanceof SegmentEvent);
    const [one, two] = events.map((event) => event.message);
    expect(events.map((event) => event.destination.id)).toEqual(["one", "two"]);
    expect(one?.messageId).not.toBe(two?.messageId);
    expect({ ...one, messageId: "" }).toEqual({ ...two, messageId: "" });
  });

  it("for the destinations that can identify the event, and an error for each that cannot", () => {
    const orgOnly = aDestination({
      id: "b2b",
      config: { userIdContextKind: "org", anonymousIdContextKind: "none" },
    });
    const destinations = destinationsOf(orgOnly, aDestination());
    const many = applyOf(segmentEvent, {}, { destinations })(anEvent({})) as Many<SegmentEvent>;
    expect(many.values).toEqual([
      expect.objectContaining({ name: "DataError", code: "no-identity", destination: "b2b" }),
      expect.objectContaining({ message: expect.objectContaining({ userId: "u1" }) }),
    ]);
  });

  it("the destinations of the moment: an edit applies to the next event", () => {
    let current = destinationsOf(aDestination({ id: "before" }));
    const destinations = {
      ...current,
      forEnvironment: (p: string, e: string) => current.forEnvironment(p, e),
    };
    const apply = applyOf(segmentEvent, {}, { destinations });
    const before = messageOf(apply(anEvent({})));
    current = destinationsOf(aDestination({ id: "after" }));
    expect(messageOf(apply(anEvent({}))).messageId).not.toBe(before.messageId);
  });

  it("a test event of LaunchDarkly like any other, and counts it", () => {
    const { counted, count } = counting();
    const apply = applyOf(segmentEvent, {}, { count });
    messageOf(apply(anEvent({ key: "LaunchDarklyDataExportTestEvent" })));
    messageOf(apply(anEvent({ contextKeys: { user: "LaunchDarklyDataExportTestEvent" } })));
    messageOf(apply(anEvent({})));
    expect(counted).toEqual({ test_events_total: 2 });
  });
});

describe("an implausible time", () => {
  // The documentation's own examples say 16420388151234: the year 2490.
  const future = anEvent({ creationDate: 16_420_388_151_234 });

  it("is kept and counted", () => {
    const { counted, count } = counting();
    expect(messageOf(applyOf(segmentEvent, {}, { count })(future)).timestamp).toBe(
      "2490-05-04T18:55:51.234Z",
    );
    expect(counted).toEqual({ implausible_times_total: 1 });
  });

  it("is a dead letter when asked to be", () => {
    const apply = applyOf(segmentEvent, { implausibleTime: "dead-letter" });
    expect(rejection(() => apply(future)).code).toBe("implausible-time");
  });
});

describe("any export event", () => {
  it("becomes events that the published schemas take, a named drop, or a named dead letter", () => {
    const apply = applyOf(segmentEvent, {
      extras: ["data", "reason", "samplingRatio"],
      fallbackAnonymousKinds: ["org"],
    });
    const seen = { sent: 0, dropped: 0, rejected: 0 };
    fc.assert(
      fc.property(anyExportEvent, (value) => {
        let output: unknown;
        try {
          output = apply(value);
        } catch (error) {
          if (!(error instanceof DataError)) throw error;
          expect(Object.keys(segmentEvent.rejects ?? {})).toContain(error.code);
          seen.rejected++;
          return;
        }
        if (output instanceof Drop) {
          expect(Object.keys(segmentEvent.drops ?? {})).toContain(output.reason);
          seen.dropped++;
        } else {
          expect(problemsOf(messageOf(output))).toEqual([]);
          seen.sent++;
        }
      }),
      { numRuns: 3_000 },
    );
    // The property says little unless all three outcomes are frequent.
    expect(Math.min(seen.sent, seen.dropped, seen.rejected)).toBeGreaterThan(300);
  });

  it("gives the same bytes each time, leaves its input alone, and pollutes no prototype", () => {
    fc.assert(
      fc.property(exportEvent, (event) => {
        const before = JSON.stringify(event);
        const run = () => {
          try {
            return JSON.stringify(applyOf(segmentEvent)(event));
          } catch (error) {
            return rejection(() => {
              throw error;
            }).code;
          }
        };
        expect(run()).toBe(run());
        expect(JSON.stringify(event)).toBe(before);
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
