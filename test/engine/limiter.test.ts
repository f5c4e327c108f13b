import { describe, expect, it } from "vitest";

import { Limiter } from "../../src/engine/limiter.ts";
import { VirtualClock } from "../../src/engine/virtual-clock.ts";
import { RateWatch } from "./simulation/oracle.ts";
import { randomOf } from "./simulation/random.ts";

const none = Number.POSITIVE_INFINITY;

/** Spends all it may for `seconds`, waking up late by up to `lateMs`, as real timers do. */
async function saturate(
  rates: { events: number; requests?: number; bytes?: number },
  seconds: number,
  lateMs = 0,
) {
  const clock = new VirtualClock();
  const random = randomOf(42);
  const limiter = new Limiter(clock, { requests: none, bytes: none, ...rates }, 1000);
  const watch = new RateWatch();
  let sent = 0;
  const pump = () => {
    for (let room = limiter.room(); room.events >= 1 && room.bytes >= 1000; room = limiter.room()) {
      const n = Math.min(room.events, Math.floor(room.bytes / 1000), 1000);
      limiter.spend(n, n * 1000);
      watch.sentNow(clock.nowMs(), n, n * 1000);
      sent += n;
    }
    clock.after(Math.max(0.01, limiter.waitMs(1000)) + random.next() * lateMs, pump);
  };
  pump();
  await clock.advance(seconds * 1000 - 1e-6);
  return { sent, watch };
}

describe("the limiter", () => {
  for (const rate of [1, 37, 900, 5_000]) {
    it(`uses at least 99 % of ${rate} events/s over a minute, and never more in any sliding second`, async () => {
      const { sent, watch } = await saturate({ events: rate }, 60);
      expect(watch.worstEvents).toBeLessThanOrEqual(rate);
      expect(sent).toBeGreaterThanOrEqual(0.99 * rate * 60);
    });
  }

  it("holds with timers that are up to 2 ms late", async () => {
    const { sent, watch } = await saturate({ events: 900, requests: 100 }, 60, 2);
    expect(watch.worstEvents).toBeLessThanOrEqual(900);
    expect(watch.worstRequests).toBeLessThanOrEqual(100);
    expect(sent).toBeGreaterThanOrEqual(0.99 * 900 * 60);
  });

  it("goes back to an even pace after a second's worth that was saved up went at once", async () => {
    const clock = new VirtualClock();
    const limiter = new Limiter(clock, { events: 900, requests: 100, bytes: none }, 1000);
    await clock.advance(5_000); // Work waited for write slots.
    const sent: { readonly atMs: number; readonly events: number }[] = [];
    const pump = () => {
      for (let { events } = limiter.room(); events >= 1; events = limiter.room().events) {
        limiter.spend(events, 1000);
        sent.push({ atMs: clock.nowMs(), events });
      }
      clock.after(Math.max(0.01, limiter.waitMs(1000)), pump);
    };
    pump();
    await clock.advance(62_000);
    const later = sent.filter(({ atMs }) => atMs >= 5_000 + 2 * 1_004 && atMs < 65_000 + 2 * 1_004);
    expect(sent[0]?.events).toBe(900);
    expect(Math.max(...later.map(({ events }) => events))).toBeLessThanOrEqual(90);
    expect(later.reduce((sum, { events }) => sum + events, 0)).toBeGreaterThanOrEqual(0.99 * 900 * 60);
  });

  it("keeps the limits on requests and on bytes too", async () => {
    const byRequests = await saturate({ events: none, requests: 10 }, 30);
    expect(byRequests.watch.worstRequests).toBeLessThanOrEqual(10);
    const byBytes = await saturate({ events: none, bytes: 50_000 }, 30);
    expect(byBytes.watch.worstBytes).toBeLessThanOrEqual(50_000);
    expect(byBytes.sent * 1000).toBeGreaterThanOrEqual(0.95 * 50_000 * 30);
  });

  it("sends a lone event at once, and after a pause at most a tenth of a second's worth at once", async () => {
    const clock = new VirtualClock();
    const limiter = new Limiter(clock, { events: 900, requests: none, bytes: none }, 1000);
    expect(limiter.room().events).toBe(90);
    await clock.advance(60_000);
    limiter.idled();
    expect(limiter.room().events).toBe(90);
  });

  it("never pays for a burst of requests with a tenth of a second of silence later", async () => {
    const clock = new VirtualClock();
    const limiter = new Limiter(clock, { events: none, requests: 100, bytes: none }, 1000);
    let sentAtMs = 0;
    let longestMs = 0;
    // Work arrives every 2 ms, and each request is answered before the next event comes.
    while (clock.nowMs() < 10_000) {
      limiter.idled();
      if (limiter.room().events > 0) {
        limiter.spend(1, 100);
        longestMs = Math.max(longestMs, clock.nowMs() - sentAtMs);
        sentAtMs = clock.nowMs();
      } else limiter.waitMs(100);
      await clock.advance(2);
    }
    expect(longestMs).toBeLessThanOrEqual(30);
  });

  it("saves up to a second's worth while work waits for a write slot", async () => {
    const clock = new VirtualClock();
    const limiter = new Limiter(clock, { events: 900, requests: none, bytes: none }, 1000);
    await clock.advance(500);
    expect(limiter.room().events).toBe(90 + 450);
    await clock.advance(10_000);
    expect(limiter.room().events).toBe(900);
  });

  it("has no limit at all without rates", () => {
    const limiter = new Limiter(new VirtualClock(), { events: none, requests: none, bytes: none }, 1000);
    limiter.spend(1e9, 1e12);
    expect(limiter.room()).toEqual({ events: none, bytes: none });
    expect(limiter.waitMs(1e9)).toBe(0);
  });
});
