// A row of the fault matrix as a test: a world under load, a fault, and the judgement when it is over.

import { expect, it } from "vitest";

import type { Allowed } from "./invariants.ts";
import { freshSeed, record } from "./results.ts";
import { World, type WorldOptions } from "./world.ts";

export interface RowOptions extends Omit<WorldOptions, "seed"> {
  /** Events a second, published during the whole of the fault. */
  readonly load: number;
  /** Before the program starts. */
  readonly prepare?: (world: World) => Promise<void>;
}

export interface RowOutcome {
  /** What was done, and how often: for the table. */
  readonly injected: string;
  readonly allowed?: Partial<Allowed>;
  /** Ms from the end of the fault to the arrival of a fresh event; measured here when absent. */
  readonly recoveredMs?: number;
  readonly note?: string | undefined;
}

const PROBE_WITHIN_MS = 30_000;
const SETTLE_WITHIN_MS = 45_000;
/** A row takes at most 20 s; a machine with no time for it may take its time. */
const TEST_TIMEOUT_MS = 240_000;

/** `harm` injects the fault, waits, and heals. It may look at anything, and assert what is particular to its row. */
export function row(
  name: string,
  fault: string,
  options: RowOptions,
  harm: (world: World) => Promise<RowOutcome>,
): void {
  const { load, prepare, ...worldOptions } = options;
  it.concurrent(`${name}: ${fault}`, { timeout: TEST_TIMEOUT_MS }, async () => {
    const seed = freshSeed();
    const startedAt = performance.now();
    const world = await World.open({ ...worldOptions, seed });
    try {
      await prepare?.(world);
      await world.program.start();
      const stopLoad = world.publisher.load(load);
      await world.probe(PROBE_WITHIN_MS);
      const { injected, allowed, recoveredMs, note } = await harm(world);
      const probedMs = await world.probe(PROBE_WITHIN_MS);
      await stopLoad();
      await world.settled(SETTLE_WITHIN_MS);
      await world.program.stop();
      const tookMs = performance.now() - startedAt;
      const verdict = await world.judge(allowed);
      record({
        row: name,
        fault,
        injected,
        seed,
        verdict,
        recoveredMs: recoveredMs ?? probedMs,
        tookMs,
        note,
      });
      expect(verdict.violations, `seed ${seed}`).toEqual([]);
      expect(verdict.acked, "everything issued is settled").toBe(verdict.issued);
    } finally {
      await world.close();
    }
  });
}
