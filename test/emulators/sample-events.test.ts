import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";
import { parse } from "yaml";

import { declaredEnablement } from "../../src/destinations/enablement.ts";
import { Drop } from "../../src/engine/contracts.ts";
import { encodeAvro } from "../../src/emulators/avro-events.ts";
import { SAMPLE_FLAGS } from "../../src/emulators/sample-flags.ts";
import { SAMPLE_PRODUCTION, sampleEvents, type SampleEvent } from "../../src/emulators/sample-events.ts";
import filterEnabled from "../../src/transforms/filter-enabled.ts";
import segmentEvent from "../../src/transforms/segment-event.ts";
import { aDestination, destinationsOf } from "../support/context.ts";
import { applyOf, rejection } from "../support/transforms.ts";

function take(count: number, seed = 1): SampleEvent[] {
  const events = sampleEvents(seed);
  return Array.from({ length: count }, () => events.next().value);
}

const shipped = (name: string) =>
  parse(readFileSync(new URL(`../../pipelines/${name}`, import.meta.url), "utf8")) as {
    environments: { environment: string; allFlags: boolean; events: boolean; flags: string[] }[];
    destinations: { environment: string }[];
  };

describe("the sample events", () => {
  it("are the same for the same seed, and others for another", () => {
    expect(take(50)).toEqual(take(50));
    expect(take(50)).not.toEqual(take(50, 2));
  });

  it("go on for ever, each with its own id", () => {
    const ids = take(5_000).flatMap(({ event }) =>
      "event" in event ? [(event.event as { id: string }).id] : [],
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => /^[0-9a-f]{24}$/.test(id))).toBe(true);
  });

  it("are of every kind, and can be written as Avro", () => {
    const samples = take(5_000);
    expect([...new Set(samples.map(({ kind }) => kind))].sort()).toEqual([
      "alias",
      "click",
      "custom",
      "debug",
      "feature",
      "garbage",
      "holographic",
      "identify",
      "index",
      "migration_op",
      "pageview",
      "summary",
    ]);
    for (const { event, bytes } of samples) if (!bytes) expect(encodeAvro(event).length).toBeGreaterThan(50);
  });

  it("are on and off as the shipped enablement says, and belong to the shipped destination", () => {
    const { environments } = shipped("enablement.yaml");
    const on = SAMPLE_FLAGS.filter((flag) => flag.on).map((flag) => flag.key);
    expect(environments).toEqual([
      { environment: SAMPLE_PRODUCTION, allFlags: false, events: true, flags: on },
    ]);
    expect(shipped("destinations.yaml").destinations[0]?.environment).toBe(SAMPLE_PRODUCTION);
  });

  it("come out as their notes say", () => {
    const enablement = declaredEnablement({ environments: shipped("enablement.yaml").environments });
    const filter = applyOf(filterEnabled, {}, { enablement });
    const map = applyOf(
      segmentEvent,
      {},
      {
        destinations: destinationsOf(aDestination({ environment: SAMPLE_PRODUCTION })),
      },
    );
    const outcome = (event: object): string => {
      const passed = filter(event);
      if (passed instanceof Drop) return passed.reason;
      try {
        const output = map(passed);
        return output instanceof Drop ? output.reason : "sent";
      } catch (error) {
        return rejection(() => {
          throw error;
        }).code;
      }
    };
    const expected: Record<string, string> = {
      "environment not exported": "environment-not-enabled",
      "flag off": "flag-not-enabled",
      "not for Segment": "skipped-kind",
      "no identity": "no-identity",
      "unknown kind": "unknown-kind",
      "bad timestamp": "bad-timestamp",
    };
    for (const { event, note, bytes } of take(5_000))
      if (!bytes) expect([note, outcome(event)]).toEqual([note, expected[note] ?? "sent"]);
  });
});
