import { describe, expect, it } from "vitest";

import { fullJitterMs, RetryBudget } from "../../src/engine/backoff.ts";
import { Circuit } from "../../src/engine/circuit.ts";
import { Concurrency } from "../../src/engine/concurrency.ts";
import { SinkFault } from "../../src/engine/errors.ts";
import { LaneHealth } from "../../src/engine/lane-health.ts";
import { VirtualClock } from "../../src/engine/virtual-clock.ts";
import { recordingLog, silentLog } from "../support/context.ts";

describe("backoff", () => {
  it("waits anywhere between nothing and the doubled base, up to the maximum", () => {
    expect(fullJitterMs(1, () => 0)).toBe(0);
    expect(fullJitterMs(1, () => 0.999)).toBeCloseTo(999, 0);
    expect(fullJitterMs(3, () => 0.5)).toBe(2_000);
    expect(fullJitterMs(10_000, () => 1)).toBe(60_000);
  });

  it("allows one retry at a time once failures used the budget up, until successes earn it back", () => {
    const budget = new RetryBudget();
    for (let i = 0; i < 5; i++) budget.failure();
    expect(budget.exhausted).toBe(false);
    budget.failure();
    expect(budget.exhausted).toBe(true);
    for (let i = 0; i < 10; i++) budget.success();
    expect(budget.exhausted).toBe(false);
  });
});

describe("the circuit", () => {
  const aCircuit = () => {
    const clock = new VirtualClock();
    return { clock, circuit: new Circuit(clock, () => 1, 60_000) };
  };

  it("opens after five failures in a row, and lets one write through after the wait", async () => {
    const { clock, circuit } = aCircuit();
    for (let i = 0; i < 4; i++) circuit.failure();
    expect(circuit.state).toBe("closed");
    circuit.failure();
    expect([circuit.state, circuit.waitMs()]).toEqual(["open", 1_000]);
    await clock.advance(1_000);
    expect([circuit.state, circuit.waitMs()]).toEqual(["half-open", 0]);
    circuit.success();
    expect(circuit.state).toBe("closed");
  });

  it("opens when half of the last twenty failed, though never five in a row", () => {
    const { circuit } = aCircuit();
    for (let i = 0; i < 5; i++) {
      circuit.success();
      expect(circuit.state).toBe("closed");
      circuit.failure();
    }
    expect(circuit.state).toBe("open");
  });

  it("doubles its wait while the destination stays away, to a minute, and forgets that after a success", async () => {
    const { clock, circuit } = aCircuit();
    for (let i = 0; i < 5; i++) circuit.failure();
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      waits.push(circuit.waitMs());
      await clock.advance(circuit.waitMs());
      expect(circuit.state).toBe("half-open");
      circuit.failure();
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    await clock.advance(60_000);
    expect(circuit.state).toBe("half-open");
    circuit.success();
    for (let i = 0; i < 5; i++) circuit.failure();
    expect(circuit.waitMs()).toBe(1_000);
  });
});

describe("concurrency", () => {
  it("halves on trouble, never below one, and grows back by one a round", () => {
    const concurrency = new Concurrency(8);
    expect(concurrency.allowed).toBe(8);
    for (let i = 0; i < 5; i++) concurrency.trouble();
    expect(concurrency.allowed).toBe(1);
    concurrency.answered(0, 20);
    expect(concurrency.allowed).toBe(2);
    for (let i = 0; i < 100; i++) concurrency.answered(0, 20);
    expect(concurrency.allowed).toBe(8);
  });

  /** `n` writes, one after another, each answered after so long; yields the limit after each. */
  const answeredIn = (concurrency: Concurrency, fromMs: number, ms: number, n: number) =>
    Array.from({ length: n }, (_, i) => {
      concurrency.answered(fromMs + i * ms, fromMs + (i + 1) * ms);
      return concurrency.allowed;
    });

  it("falls when answers take much longer than they used to, and grows again once that is usual", () => {
    const concurrency = new Concurrency(8);
    answeredIn(concurrency, 0, 20, 50);
    expect(answeredIn(concurrency, 1_000, 2_000, 3)).toEqual([4, 2, 2]);
    expect(answeredIn(concurrency, 7_000, 2_000, 100).at(-1)).toBe(8);
  });

  it("falls once for all the writes that were under way together", () => {
    const concurrency = new Concurrency(8);
    answeredIn(concurrency, 0, 20, 50);
    for (let i = 0; i < 8; i++) concurrency.answered(1_000 + i, 3_000 + i);
    expect(concurrency.allowed).toBe(4);
  });

  it("takes no answer for slow that comes within half a second, whatever is usual", () => {
    const concurrency = new Concurrency(8);
    answeredIn(concurrency, 0, 1, 50);
    expect(answeredIn(concurrency, 100, 500, 1)).toEqual([8]);
  });
});

describe("a lane's health", () => {
  const throttled = (retryAfterMs?: number) =>
    new SinkFault("throttled", "slow down", { code: "http-429", retryAfterMs });

  it("pauses for what the destination asks, plus at most a tenth", async () => {
    const clock = new VirtualClock();
    const health = new LaneHealth("d", { concurrency: 4 }, { clock, random: () => 1, log: silentLog });
    health.throttled(throttled(10_000));
    expect([health.state, health.waitMs()]).toEqual(["throttled", 11_000]);
    health.throttled(throttled(1_000));
    expect(health.waitMs()).toBe(11_000);
    await clock.advance(11_000);
    expect([health.state, health.waitMs()]).toEqual(["open", 0]);
  });

  it("chooses growing pauses itself when the destination names none", async () => {
    const clock = new VirtualClock();
    const health = new LaneHealth("d", { concurrency: 4 }, { clock, random: () => 0, log: silentLog });
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      health.throttled(throttled());
      waits.push(health.waitMs());
      await clock.advance(health.waitMs());
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  it("says once that a destination is away, and once that it is back", () => {
    const log = recordingLog();
    const health = new LaneHealth(
      "d",
      { concurrency: 4 },
      { clock: new VirtualClock(), random: () => 0, log },
    );
    const away = new SinkFault("unavailable", "no answer", { code: "timeout" });
    for (let i = 0; i < 9; i++) health.failed(away);
    health.answered(0);
    health.answered(0);
    expect(log.lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      "warn: destination is unavailable; its events are held",
      "info: destination answers again",
    ]);
  });

  it("says it again when a destination is away for another reason", () => {
    const log = recordingLog();
    const health = new LaneHealth(
      "d",
      { concurrency: 4 },
      { clock: new VirtualClock(), random: () => 0, log },
    );
    for (const code of ["timeout", "timeout", "tls", "tls"])
      for (let i = 0; i < 5; i++) health.failed(new SinkFault("unavailable", "away", { code }));
    expect(log.lines.map(({ fields }) => (fields as { code: string }).code)).toEqual(["timeout", "tls"]);
  });
});
