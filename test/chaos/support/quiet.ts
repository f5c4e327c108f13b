// Requests to Segment, counted so that a busy machine does not matter: a request that is under way when something
// ends may come in late, so silence is waited for, and a rate is measured over the time that really passed.

import { setTimeout as sleep } from "node:timers/promises";

import type { World } from "./world.ts";

/** Resolves when no request came for so long; whoever goes on sending never gets there. */
export async function quiet(world: World, ms: number): Promise<void> {
  const count = async () => (await world.segment.stats()).requests;
  let before = await count();
  await world.until(`no request for ${ms} ms`, async () => {
    await sleep(ms);
    const now = await count();
    const isQuiet = now === before;
    before = now;
    return isQuiet;
  });
}

/** How many requests came, and in how many ms, which are at least so many. */
export async function requestsDuring(
  world: World,
  ms: number,
): Promise<{ requests: number; tookMs: number }> {
  const startedAt = performance.now();
  const before = (await world.segment.stats()).requests;
  await sleep(ms);
  const requests = (await world.segment.stats()).requests - before;
  return { requests, tookMs: performance.now() - startedAt };
}
