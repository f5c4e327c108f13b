import { describe, expect, it } from "vitest";

import { rateSharing } from "../../src/commands/rate-options.ts";
import { VirtualClock } from "../../src/engine/virtual-clock.ts";
import { Metrics } from "../../src/engine/metrics.ts";
import { recordingLog, silentLog } from "../support/context.ts";

const world = { log: silentLog, priority: "live" as const };
const rates = { events: 900, requests: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };

describe("the options of a shared rate", () => {
  it("refuse several replicas that would each use the whole rate, and say what to do", async () => {
    await expect(rateSharing({ replicas: 3 }, {}, world)).rejects.toThrow(
      /--rate-store, or say --share 0.333/,
    );
    await expect(rateSharing({}, { SLUICE_REPLICAS: "2" }, world)).rejects.toThrow(/2 replicas/);
  });

  it("refuse what cannot be meant", async () => {
    const wrong = [
      [{ replicas: 0 }, /--replicas takes a whole number/],
      [{ replicas: 1.5 }, /--replicas takes a whole number/],
      [{ share: 0 }, /--share takes a number above 0/],
      [{ share: 1.01 }, /--share takes a number above 0/],
      [{ share: 0.5, rateStore: "redis://h" }, /leave one of them out/],
      [{ rateStore: "http://h" }, /takes redis:/],
      [{ rateStore: "h:6379" }, /takes redis:/],
    ] as const;
    for (const [options, message] of wrong)
      await expect(rateSharing(options, {}, world)).rejects.toThrow(message);
    await expect(rateSharing({}, { SLUICE_SHARE: "half" }, world)).rejects.toThrow(
      /SLUICE_SHARE is not a number/,
    );
  });

  it("never show a password of the store", async () => {
    const failure = rateSharing({ rateStore: "http://user:secret@h" }, {}, world);
    await expect(failure).rejects.not.toThrow(/secret/);
  });

  it("are nothing for one process", async () => {
    expect(await rateSharing({}, {}, world)).toBeUndefined();
    expect(await rateSharing({ replicas: 1 }, { SLUICE_RATE_STORE: "" }, world)).toBeUndefined();
  });

  it("give a shard of a backfill its part when there is no store, and say so", async () => {
    const log = recordingLog();
    const part = async (options: object) => {
      const sharing = await rateSharing(options, {}, { log, priority: "backfill", shards: 8 });
      const clock = new VirtualClock();
      const limiters = sharing?.limiters({ clock, log: silentLog, metrics: new Metrics() });
      const limiter = limiters?.("d", rates, 100, () => {});
      await clock.advance(5_000);
      return limiter?.glance();
    };
    expect(await part({})).toBe(112);
    expect(log.lines[0]?.message).toBe("no --rate-store: this shard takes 1/8 of each rate");
    expect(await part({ replicas: 2 })).toBe(450);
    expect(await part({ share: 1 })).toBe(900);
  });

  it("give a process its part of each rate, after an edit too", async () => {
    const sharing = await rateSharing({ share: 0.5 }, { SLUICE_REPLICAS: "2" }, world);
    const clock = new VirtualClock();
    const limiter = sharing?.limiters({ clock, log: silentLog, metrics: new Metrics() })(
      "d",
      rates,
      100,
      () => {},
    );
    await clock.advance(5_000);
    expect(limiter?.glance()).toBe(450);
    limiter?.change({ ...rates, events: 100 });
    await clock.advance(5_000);
    expect(limiter?.glance()).toBe(50);
    await sharing?.close();
  });
});
