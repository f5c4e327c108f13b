import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { SecretScrubber } from "../../src/config/scrubber.ts";
import type { Item } from "../../src/engine/pipeline.ts";
import { VirtualClock } from "../../src/engine/virtual-clock.ts";
import { Mask } from "../../src/live/masking.ts";
import { Tap, type TapPlace } from "../../src/live/tap.ts";
import { predicateOf } from "../../src/live/where.ts";
import { recordingLog } from "../support/context.ts";
import { aRecord } from "../support/stages.ts";

const scrubber = new SecretScrubber();
scrubber.add("a-secret-key");
const place: TapPlace = { shape: "export-event", mask: new Mask([]), scrubber };

function items(n: number, event: object = { key: "k" }): Item[] {
  return Array.from({ length: n }, (_, i) => {
    const origin = aRecord(`r${i}`, "{}");
    return { value: { project: "p", environment: "e", event }, origin, receipt: {} } as unknown as Item;
  });
}

function aTap(options: { where?: string; n?: number; room?: () => boolean } = {}) {
  const got: string[] = [];
  let full = 0;
  const { room = () => true, where, n } = options;
  const clock = new VirtualClock();
  const tap = new Tap(
    { pipeline: "p", stage: "s", n, ...(where && { where: { text: where, compile: predicateOf } }) },
    { clock, log: recordingLog() },
    (json) => room() && got.push(json) > 0,
    () => {
      full += 1;
    },
  );
  return { tap, got, clock, full: () => full };
}

describe("a tap", () => {
  it("looks at a bounded number of values whatever comes by, and accounts for each", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 256 }), { maxLength: 60 }),
        fc.boolean(),
        (chunks, hasRoom) => {
          const { tap, got } = aTap({ room: () => hasRoom });
          for (const n of chunks) tap.pass(items(n), place);
          const { seen, looked, matched, sent, dropped } = tap.state();
          expect(seen).toBe(chunks.reduce((sum, n) => sum + n, 0));
          expect(looked).toBeLessThanOrEqual(500);
          expect(sent).toBeLessThanOrEqual(50);
          expect(sent + dropped).toBe(matched);
          expect(got).toHaveLength(sent);
          if (!hasRoom) expect(sent).toBe(0);
        },
      ),
    );
  });

  it("ends after as many values as were asked for", () => {
    const { tap, got, full } = aTap({ n: 2 });
    tap.pass(items(10), place);
    tap.pass(items(10), place);
    expect([got.length, full()]).toEqual([2, 1]);
  });

  it("shows only values for which the expression is true, and never a secret", () => {
    const { tap, got } = aTap({ where: "event.key == 'a-secret-key'" });
    tap.pass([...items(3), ...items(1, { key: "a-secret-key" })], place);
    expect(got).toHaveLength(1);
    expect(got[0]).toContain("[redacted]");
    expect(got[0]).not.toContain("a-secret-key");
    expect(tap.state()).toMatchObject({ looked: 4, matched: 1 });
  });
});
