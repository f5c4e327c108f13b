import { describe, expect, it } from "vitest";

import { planSeek } from "../../../src/commands/seek/plan.ts";

const now = Date.UTC(2026, 10, 23, 12);
const hour = 3_600_000;
const facts = {
  topic: "projects/p/topics/t",
  retentionMs: 7 * 24 * hour,
  keepsAcked: true,
  topicRetentionMs: 0,
};
const to = (atMs: number) => ({ kind: "time" as const, atMs });
const textOf = (plan: ReturnType<typeof planSeek>) => Object.fromEntries(plan.lines);

describe("the plan of a seek", () => {
  it("refuses what would bring nothing back, and says which setting is missing", () => {
    const plan = planSeek(to(now - 6 * hour), { ...facts, keepsAcked: false }, now);
    expect(plan.refusal).toContain("retain-acked-messages");
    expect(textOf(plan)["comes again"]).toContain("neither the subscription nor its topic keeps");
  });

  it("refuses a snapshot that expired or is of another topic", () => {
    const snapshot = (topic: string, expiresAtMs: number) =>
      planSeek(
        { kind: "snapshot", name: "projects/p/snapshots/s", facts: { topic, expiresAtMs } },
        facts,
        now,
      );
    expect(snapshot(facts.topic, now - 1).refusal).toContain("expired");
    expect(snapshot("projects/p/topics/other", now + 1).refusal).toContain(
      "the subscription of projects/p/topics/t",
    );
    expect(snapshot(facts.topic, now + 1).refusal).toBeUndefined();
  });

  it("warns of the memory of a dedupe stage, of the longest, and only where something comes again", () => {
    const dedupe = (atMs: number, windowsMs: readonly number[] = []) =>
      textOf(planSeek(to(atMs), facts, now, { windowsMs, marks: undefined }))["dedupe"];
    expect(dedupe(now - hour, [10_000, 600_000])).toBe(
      "a running process drops as a duplicate, and acknowledges, what comes again of the last 10 min: " +
        "its memory of keys ends only with it, or with a reload",
    );
    expect(dedupe(now - hour, [10_000])).toContain("the last 10 s:");
    expect(dedupe(now - hour)).toBeUndefined();
    expect(dedupe(now + hour, [600_000])).toBeUndefined();
  });

  it("tells of delivered marks: of those in the store, and that none were looked for where none was named", () => {
    const marks = (atMs: number, found?: { ids: number; destinations: string[] }) =>
      textOf(planSeek(to(atMs), facts, now, { windowsMs: [], marks: found }))["delivered marks"];
    expect(marks(now - hour)).toContain("what has a mark is acknowledged and not sent again");
    expect(marks(now - hour, { ids: 0, destinations: [] })).toBe("the store has none");
    expect(marks(now - hour, { ids: 7, destinations: [..."abcdefg"] })).toBe(
      "7, of a, b, c, d, e and 2 more: all are forgotten, so that what comes again is sent again",
    );
    expect(marks(now + hour, { ids: 7, destinations: ["a"] })).toBeUndefined();
  });

  it("says that Segment collapses what is younger than a day", () => {
    const plan = planSeek(to(now - 6 * hour), facts, now);
    expect(plan.refusal).toBeUndefined();
    expect(textOf(plan)).toMatchObject({
      to: "2026-11-23T06:00:00Z, 6 h ago",
      "comes again": "everything published from 2026-11-23T06:00:00Z on, acknowledged or not",
    });
    expect(Object.keys(textOf(plan))).not.toContain("is there twice");
  });

  it("names what Segment would have twice, and what is not kept so long", () => {
    const plan = textOf(planSeek(to(now - 10 * 24 * hour), facts, now));
    expect(plan["is there twice"]).toBe(
      "what was sent between 2026-11-16T12:00:00Z and 2026-11-22T12:00:00Z, where it was delivered before",
    );
    expect(plan["is lost"]).toContain("before 2026-11-16T12:00:00Z: messages are kept for 7 days");
  });

  it("counts on the topic's retention where the subscription keeps nothing", () => {
    const plan = planSeek(to(now - hour), { ...facts, keepsAcked: false, topicRetentionMs: 24 * hour }, now);
    expect(plan.refusal).toBeUndefined();
  });

  it("says that a time ahead throws away what waits", () => {
    const plan = textOf(planSeek(to(now + hour), facts, now));
    expect(plan).toMatchObject({ "comes again": "nothing", to: "2026-11-23T13:00:00Z, in 60 min" });
    expect(plan["is thrown away"]).toContain("everything that waits now");
  });
});
