import { describe, expect, it } from "vitest";

import { RecentIds } from "../../../src/commands/backfill/recent-ids.ts";
import { messageId } from "../../../src/transforms/segment-event/message-id.ts";

const idOf = (event: number): string => messageId("prefix", String(event));

describe("the recent ids", () => {
  it("takes no id for one that it has not seen", () => {
    const ids = new RecentIds();
    let known = 0;
    for (let event = 0; event < 300_000; event++) if (ids.seen(idOf(event))) known += 1;
    expect(known).toBe(0);
  });

  it("knows each of the last few thousand ids again", () => {
    const ids = new RecentIds();
    for (let event = 0; event < 100_000; event++) ids.seen(idOf(event));
    const known = Array.from({ length: 5_000 }, (_, i) => ids.seen(idOf(99_999 - i)));
    expect(known).not.toContain(false);
  });

  it("tells ids apart that differ in one character", () => {
    const ids = new RecentIds();
    const id = idOf(1);
    expect(ids.seen(id)).toBe(false);
    expect(ids.seen(`${id.slice(0, 10)}${id[10] === "A" ? "B" : "A"}${id.slice(11)}`)).toBe(false);
    expect(ids.seen(id)).toBe(true);
  });

  it("never takes an id of another form for a known one", () => {
    const ids = new RecentIds();
    for (const id of ["", "ld-", "my-own-id", "x".repeat(99)]) {
      expect(ids.seen(id)).toBe(false);
      expect(ids.seen(id)).toBe(false);
    }
  });
});
