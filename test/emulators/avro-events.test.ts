import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { compileDecoder } from "../../src/avro/decode.ts";
import { loadReaderSchema, loadWriterSchema, writerSchema } from "../../src/avro/schema.ts";
import { encodeAvro, exportEventSchema, toAvro } from "../../src/emulators/avro-events.ts";
import { parseJsonEvent } from "../../src/events/parse-json-event.ts";
import segmentEvent from "../../src/transforms/segment-event.ts";
import { exportEvent } from "../support/arbitraries.ts";
import { aDestination, destinationsOf } from "../support/context.ts";
import { EXAMPLES, exported } from "../support/fixtures.ts";
import { applyOf, rejection } from "../support/transforms.ts";

const schema = writerSchema(exportEventSchema());
const decoder = compileDecoder(loadReaderSchema(schema), loadWriterSchema(schema));
const decode = (bytes: Buffer) => decoder(bytes, 0, bytes.length);
const anEvent = (event: object) => ({ project: "p", environment: "e", event, version: 2 });
const branchOf = (event: object) => Object.keys((toAvro(event) as { event: object }).event)[0];

describe("an export event in Avro", () => {
  it.each(EXAMPLES)("is, for the documented %s event, the same document when decoded", (name) => {
    expect(branchOf(exported(name))).toMatch(/Event$/);
    expect(decode(encodeAvro(exported(name)))).toEqual(exported(name));
  });

  it.each([
    ["an unknown kind", { kind: "holographic", key: "k" }],
    ["no kind", { key: "k" }],
    ["an unknown field", { kind: "click", key: "k", surprise: 1 }],
    ["a text where a number is due", { kind: "feature", key: "k", version: "42" }],
    ["a time with a fraction", { kind: "click", key: "k", creationDate: 1.5 }],
    ["a number beyond what a double holds exactly", { kind: "feature", key: "k", version: 2 ** 60 }],
    ["half a surrogate pair", { kind: "click", key: "\ud800" }],
    ["a key that is no text", { kind: "click", key: "k", contextKeys: { user: 5 } }],
    ["a list where a record is due", { kind: "feature", key: "k", reason: ["ERROR"] }],
  ])("keeps its whole document with %s", (_, event) => {
    expect(branchOf(anEvent(event))).toBe("string");
    expect(decode(encodeAvro(anEvent(event)))).toEqual(anEvent(event));
  });

  it("keeps a null value apart from an absent one", () => {
    const event = anEvent({ kind: "feature", key: "k", value: null });
    expect(branchOf(event)).toBe("dev.sluice.launchdarkly.FeatureEvent");
    expect(decode(encodeAvro(event))).toEqual(event);
  });

  it("cannot be written without an envelope", () => {
    expect(() => encodeAvro({ event: {} })).toThrow(TypeError);
  });

  it("becomes the same Segment bytes as from JSON", () => {
    const destinations = destinationsOf(aDestination());
    const apply = applyOf(segmentEvent, { extras: ["data", "reason", "samplingRatio"] }, { destinations });
    const outcome = (event: unknown) => {
      try {
        return JSON.stringify(apply(event));
      } catch (error) {
        return rejection(() => {
          throw error;
        }).code;
      }
    };
    fc.assert(
      fc.property(exportEvent, (event) => {
        const fromJson = parseJsonEvent(Buffer.from(JSON.stringify(event)));
        expect(outcome(decode(encodeAvro(event)))).toBe(outcome(fromJson));
      }),
      { numRuns: 1_000 },
    );
  });
});
