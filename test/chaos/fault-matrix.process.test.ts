// The fault matrix, rows 26 to 28: the process itself, its definition, its signals, and a second one beside it.

import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect } from "vitest";

import { defaults } from "./support/pipeline-yaml.ts";
import { leftOut } from "./support/results.ts";
import { row } from "./support/row.ts";

const LOAD = 100;
const DRAIN_MS = 3_000;

describe("the process under faults", () => {
  leftOut("26", "pipelines are changed under load", "a running pipeline does not take up changed files yet");

  row("27", "SIGHUP, which nobody asked it to understand, again and again", { load: LOAD }, async (world) => {
    for (let i = 0; i < 5; i++) {
      await world.program.hit("SIGHUP");
      await sleep(400);
    }
    return {
      injected: "5 SIGHUP",
      allowed: { duplicates: 5 * defaults.maxMessages },
      note: "ends it, loses nothing",
    };
  });

  row(
    "stop",
    "SIGTERM while Segment does not answer: after its time to drain it gives back what it has, with exit code 3",
    { load: LOAD, pipeline: { drainMs: DRAIN_MS } },
    async (world) => {
      await world.segment.inject({ action: { kind: "never" } });
      await world.until(
        "requests without an answer",
        async () => (await world.segment.stats()).faultsPlayed > 0,
      );
      const startedAt = performance.now();
      await world.program.restart();
      const tookMs = performance.now() - startedAt;
      expect(world.program.exits[0]).toMatchObject({ code: 3, signal: null });
      // The process ends by itself, so nothing was left open. Its last acknowledgements may take 5 s (closeMs).
      expect(tookMs).toBeLessThan((DRAIN_MS + 7_000) * world.patience);
      const { nacked } = await world.pubsub.state();
      expect(nacked, "messages given back").toBeGreaterThan(0);
      await world.segment.heal();
      return {
        injected: "1 SIGTERM",
        note: `${nacked} given back, ended in ${(tookMs / 1000).toFixed(1)} s`,
      };
    },
  );

  row(
    "stop",
    "SIGTERM twice: the second ends it at once, with exit code 3",
    { load: LOAD },
    async (world) => {
      await world.segment.inject({ action: { kind: "never" } });
      await world.until(
        "requests without an answer",
        async () => (await world.segment.stats()).faultsPlayed > 0,
      );
      world.program.signal("SIGTERM");
      await world.program.says(/"msg":"stopping/);
      await world.program.hit("SIGTERM");
      expect(world.program.exits[0]).toMatchObject({ code: 3, signal: null });
      expect(world.program.exits[0]?.stderr).toContain("second SIGTERM");
      await world.segment.heal();
      // Acknowledgements that were still gathered went with it.
      return { injected: "2 SIGTERM", allowed: { duplicates: defaults.maxMessages } };
    },
  );

  row("28", "two copies on one subscription; one is killed, then the other", { load: 200 }, async (world) => {
    // So that something is in hand whenever one is killed.
    world.toSegment.set({ latency: { ms: 200 } });
    const other = world.another();
    await other.start();
    await sleep(2_500);
    await world.program.kill();
    await sleep(2_500);
    await other.kill();
    await sleep(2_500);
    world.toSegment.heal();
    const books = await other.stop();
    expect(books.code).toBe(0);
    return {
      injected: "2 SIGKILL",
      allowed: { duplicates: 2 * defaults.maxMessages, eventsPerSecond: 2_700 },
    };
  });
});
