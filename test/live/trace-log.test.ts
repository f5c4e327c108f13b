import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { type Entry, FIELD, LINE, TraceLog } from "../../src/live/trace-log.ts";

const MB = 1024 * 1024;
const R = "R".charCodeAt(0);

function put(log: TraceLog, id: string, atMs = 1): void {
  log.append({ kind: R, pipeline: 0, atMs, count: 1, text: LINE + id + FIELD });
}

async function find(log: TraceLog, id: string): Promise<Entry[]> {
  const found: Entry[] = [];
  for await (const entry of log.having([id], async () => {})) found.push(entry);
  return found;
}

describe("the log behind the trace index", () => {
  it("keeps within its bytes, forgets the oldest first, and says that it did", async () => {
    const log = new TraceLog({ maxBytes: MB, maxAgeMs: 1_000 });
    put(log, "the-first");
    expect(log.agedOut).toBe(false);
    for (let i = 0; i < 50_000; i++) put(log, `record-${i}`, i);
    expect(log.bytes).toBeLessThanOrEqual(MB);
    expect(log.agedOut).toBe(true);
    expect(await find(log, "the-first")).toEqual([]);
    expect(await find(log, "record-49999")).toMatchObject([{ atMs: 49_999, lines: [["record-49999", ""]] }]);
    expect(log.sinceMs).toBeGreaterThan(1);
  });

  it("forgets what is too old", async () => {
    const log = new TraceLog({ maxBytes: MB, maxAgeMs: 1_000 });
    put(log, "old", 1_000);
    log.forget(1_999);
    expect(await find(log, "old")).toHaveLength(1);
    log.forget(2_001);
    expect([await find(log, "old"), log.agedOut]).toEqual([[], true]);
  });

  it("finds every id that was put in, and no id makes up an entry of its own", async () => {
    const ids = fc.array(fc.string({ minLength: 1, maxLength: 60, unit: "grapheme" }), {
      minLength: 1,
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(ids, async (all) => {
        const log = new TraceLog({ maxBytes: MB, maxAgeMs: 1_000 });
        put(log, `x${LINE}forged${FIELD}`);
        for (const id of all) put(log, id);
        expect(await find(log, "forged")).toEqual([]);
        for (const id of all) {
          if (id.includes(LINE) || id.includes(FIELD)) continue;
          expect((await find(log, id)).some(({ lines }) => lines[0]![0] === id)).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });
});
