import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Shape } from "../../src/engine/contracts.ts";
import type { SegmentEvent } from "../../src/events/segment-event.ts";
import { MASKED, Masking } from "../../src/live/masking.ts";
import { EXAMPLES, exported, sent } from "../support/fixtures.ts";
import { aSegmentEvent } from "../support/segment-events.ts";

const stage = (type: string, emits: Shape, config: object = {}) => ({ type, emits, config });

/** json-decode, segment-event, redact: arrow 1 has export events, 2 Segment events, 3 redacted ones. */
function redactingSegmentEvents(...mask: string[]) {
  const redact = stage("redact", "segment-event", { on: "segment-event", mask });
  const decode = stage("json-decode", "export-event");
  return new Masking({ transforms: [decode, stage("segment-event", "segment-event"), redact] });
}

function redactingExportEvents(config: object) {
  const redact = stage("redact", "export-event", { on: "export-event", ...config });
  return new Masking({ transforms: [stage("json-decode", "export-event"), redact] });
}

const anExport = (event: object) => ({ project: "p", environment: "e", version: 1, event });
const shownExport = (masking: Masking, event: object) =>
  masking.at(1).apply("export-event", anExport(event)) as { event: Record<string, unknown> };

/** Texts in a document with the path to each. */
function textsIn(value: unknown, path = "event"): { path: string; text: string }[] {
  if (typeof value === "string") return [{ path, text: value }];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) => textsIn(one, `${path}.${name}`));
}

describe("before a redact stage for Segment events", () => {
  it("masks an export event's member of a redacted field's name at any depth, and nothing else", () => {
    const masking = redactingSegmentEvents("event.properties.data.email");
    const event = {
      kind: "custom",
      key: "signup",
      data: { email: "ann@example.com", plan: "pro", list: [{ email: "bob@example.com", n: 1 }] },
    };
    expect(shownExport(masking, event)).toEqual(
      anExport({ ...event, data: { email: MASKED, plan: "pro", list: [{ email: MASKED, n: 1 }] } }),
    );
    expect(event.data.email).toBe("ann@example.com");
  });

  it("masks all that says who it was when an id is redacted, and of an alias both names", () => {
    const masking = redactingSegmentEvents("event.userId");
    const who = {
      userKey: "ann",
      user: { key: "ann" },
      contextKeys: { user: "ann" },
      context: { key: "ann" },
    };
    expect(shownExport(masking, { kind: "feature", id: "1", key: "flag", ...who }).event).toEqual({
      kind: "feature",
      id: "1",
      key: "flag",
      userKey: MASKED,
      user: MASKED,
      contextKeys: MASKED,
      context: MASKED,
    });
    expect(shownExport(masking, { kind: "alias", key: "ann", previousKey: "anonymous-1" }).event).toEqual({
      kind: "alias",
      key: MASKED,
      previousKey: MASKED,
    });
  });

  it("leaves only what is harmless when all properties are redacted", () => {
    for (const path of ["event.properties", "event.properties.*", "event.*"])
      expect(
        shownExport(redactingSegmentEvents(path), {
          kind: "custom",
          id: "1",
          creationDate: 1,
          key: "k",
          data: 2,
        }).event,
      ).toEqual({ kind: "custom", id: "1", creationDate: 1, key: MASKED, data: MASKED });
  });

  // What LaunchDarkly's own destination renames on the way (eventId, flagVersion, reasonKind) included.
  it.each(EXAMPLES)("never shows of a documented %s event what is redacted later", (name) => {
    for (const { path, text } of textsIn(sent(name))) {
      const masked = redactingSegmentEvents(path).at(1).apply("export-event", exported(name));
      // Of `event` and `type` the kind of the event would be left: it is what an event is known by.
      if (path === "event.type" || path === "event.event") continue;
      expect(
        textsIn(masked).filter((one) => one.text === text),
        path,
      ).toEqual([]);
    }
  });

  it("masks the Segment event at the path itself, and leaves the event that goes on as it was", () => {
    const masking = redactingSegmentEvents("event.userId", "event.properties.contextKeys.*");
    const event = aSegmentEvent({ userId: "ann" });
    const shown = masking.at(2).apply("segment-event", event) as SegmentEvent;
    expect(shown.message).toEqual({
      ...event.message,
      userId: MASKED,
      properties: { ...event.message.properties, contextKeys: { user: MASKED } },
    });
    expect(event.message.userId).toBe("ann");
    expect(shown.destination).toBe(event.destination);
  });

  it("shows nothing of a value that it does not understand", () => {
    for (const value of [null, 1, "ann", ["ann"]])
      expect(redactingSegmentEvents("event.userId").at(1).apply("export-event", value)).toBe(MASKED);
    expect(redactingSegmentEvents("event.userId").at(2).apply("segment-event", { userId: "ann" })).toBe(
      MASKED,
    );
  });

  it("never shows a text below a redacted name, wherever it stands in whatever event", () => {
    const secret = "the-secret-of-ann";
    const tree = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "medium" },
        fc.constant("plain"),
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom("email", "a", "b", "data"), tie("value"), { maxKeys: 4 }),
      ),
    })).value;
    const hide = (value: unknown, isBelow: boolean): unknown => {
      if (typeof value === "string") return isBelow ? secret : value;
      if (Array.isArray(value)) return value.map((one) => hide(one, isBelow));
      const entries = Object.entries(value as object);
      return Object.fromEntries(entries.map(([name, one]) => [name, hide(one, isBelow || name === "email")]));
    };
    const masking = redactingSegmentEvents("event.properties.data.email");
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom("email", "data"), tree), (event) => {
        const shown = shownExport(masking, hide(event, false) as object);
        expect(JSON.stringify(shown)).not.toContain(secret);
      }),
    );
  });
});

describe("before a redact stage for export events", () => {
  it("masks just its paths, whether they are hashed, masked or removed; behind it everything is clear", () => {
    const config = { hash: ["event.userKey"], mask: ["event.data.*.card"], remove: ["event.url"] };
    const masking = redactingExportEvents(config);
    const event = { userKey: "ann", url: "/ann", data: { a: { card: 1, n: 1 }, b: { card: null } }, card: 2 };
    expect(shownExport(masking, event).event).toEqual({
      userKey: MASKED,
      url: MASKED,
      data: { a: { card: MASKED, n: 1 }, b: { card: null } },
      card: 2,
    });
    expect([masking.at(0).isClear, masking.at(1).isClear, masking.at(2).isClear]).toEqual([
      false,
      false,
      true,
    ]);
    const value = anExport(event);
    expect(masking.at(2).apply("export-event", value)).toBe(value);
  });
});
