import { describe, expect, it } from "vitest";

import { RecentEvents, Sampler } from "../../src/live/recent-events.ts";
import { aRecord } from "../support/stages.ts";

const anEvent = (id: string, kind = "feature") => ({ pipeline: "p", id, kind, attempt: 1, bytes: 1 });

describe("the last events", () => {
  it("are kept to a bound of each outcome, so that many of one do not push out the others", () => {
    const recent = new RecentEvents();
    recent.add("dead-lettered", 0, anEvent("rare"));
    for (let i = 0; i < 1_000; i++) recent.add("delivered", i, anEvent(`r${i}`));
    expect(recent.list({ limit: 600 })).toHaveLength(201);
    expect(recent.list({ limit: 600, outcome: "dead-lettered" })).toMatchObject([{ id: "rare" }]);
  });

  it("are told newest first, by pipeline, kind and outcome, and only what is newer than asked", () => {
    const recent = new RecentEvents();
    recent.add("delivered", 0, anEvent("a"));
    recent.add("dropped", 1, anEvent("b", "click"));
    recent.add("delivered", 2, { ...anEvent("c"), pipeline: "q" });
    const ids = (query: object) => recent.list({ limit: 9, ...query }).map(({ id }) => id);
    expect(ids({})).toEqual(["c", "b", "a"]);
    expect(ids({ pipeline: "p" })).toEqual(["b", "a"]);
    expect(ids({ kind: "click" })).toEqual(["b"]);
    expect(ids({ outcome: "delivered", limit: 1 })).toEqual(["c"]);
    expect(ids({ after: recent.newest - 1 })).toEqual(["c"]);
  });
});

describe("the sample of them", () => {
  it("is five a second of each outcome, also after the clock was set back", () => {
    const sampler = new Sampler();
    const taken = (from: number) =>
      Array.from({ length: 1_000 }, (_, ms) => sampler.isTime("delivered", from + ms)).filter(Boolean).length;
    expect(taken(1_000_000)).toBe(5);
    expect(sampler.isTime("dropped", 1_000_500)).toBe(true);
    expect(taken(0)).toBe(5);
  });

  it("puts a bounded number aside and forgets the one that waited longest", () => {
    const sampler = new Sampler();
    const records = Array.from({ length: 40 }, (_, i) => aRecord(`r${i}`));
    for (const [i, record] of records.entries()) sampler.offer(record, () => i, i * 1_000);
    expect(records.map((record) => sampler.has(record)).filter(Boolean)).toHaveLength(32);
    expect([sampler.has(records[7]!), sampler.value(records[8]!)]).toEqual([false, 8]);
    for (const record of records) sampler.forget(record);
    expect(sampler.hasAside).toBe(false);
  });
});
