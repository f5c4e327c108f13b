// The fault matrix, rows 26 to 28: the process itself, its definition, its signals, and a second one beside it.

import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect } from "vitest";

import { metricOf, withMetrics } from "./support/metrics-page.ts";
import { defaults, pipelineYaml } from "./support/pipeline-yaml.ts";
import { isLong } from "./support/results.ts";
import { row } from "./support/row.ts";
import type { World } from "./support/world.ts";

const LOAD = 100;
const DRAIN_MS = 3_000;

const RELOADS = 50;
const VALID = Array.from({ length: RELOADS }, (_, i) => i).filter((i) => i % 4 !== 3).length;
const APPLIED = /"msg":"the changed definition takes in"/g;
const INVALID = /"msg":"the changed definition is invalid/g;
const DRAINED = /"msg":"the definition before the reload has drained"/g;

/** Each differs from the one before it; every fourth is wrong. */
function definition(i: number): string {
  const text = pipelineYaml({ maxMessages: 5_000, lingerMs: 10 + i });
  return i % 4 === 3 ? text.replace("type: filter-enabled", `type: filter-${i}`) : text;
}

/** What one definition has under way: more than three that drain are cut short. */
const IN_FLIGHT = defaults.concurrency * defaults.maxBatchEvents;

interface Reloads {
  readonly row: string;
  readonly everyMs: number;
  /** Events a second. */
  readonly load: number;
  /** Three requests of ten are answered 503 meanwhile. */
  readonly isFailing: boolean;
}

/** Row 26 of the matrix, and, in the long form, the same for twice as long at twice the load. */
const reloads: readonly Reloads[] = [
  { row: "26", everyMs: 200, load: 500 },
  ...(isLong ? [{ row: "reload", everyMs: 400, load: 1_000 }] : []),
].flatMap((one) => [
  { ...one, isFailing: false },
  { ...one, isFailing: true },
]);

interface Handles {
  readonly sockets: number;
  readonly timers: number;
}

/** By `process.getActiveResourcesInfo`, which the page of metrics shows. */
async function handles(world: World): Promise<Handles> {
  const of = (type: string) => metricOf(world, "nodejs_active_resources", `type="${type}"`);
  return { sockets: await of("TCPSocketWrap"), timers: await of("Timeout") };
}

/** What the process holds open, when it is at rest: the least of a few looks. */
async function atRest(world: World): Promise<Handles> {
  const looks: Handles[] = [];
  for (let i = 0; i < 5; i++) {
    looks.push(await handles(world));
    await sleep(100);
  }
  return {
    sockets: Math.min(...looks.map(({ sockets }) => sockets)),
    timers: Math.min(...looks.map(({ timers }) => timers)),
  };
}

function text({ sockets, timers }: Handles): string {
  return `${sockets} sockets and ${timers} timers`;
}

function count(world: World, what: RegExp): number {
  return world.program.stderr.match(what)?.length ?? 0;
}

describe("the process under faults", () => {
  for (const { row: name, everyMs, load, isFailing } of reloads) {
    row(
      name,
      `the definition is changed 50 times in ${(RELOADS * everyMs) / 1_000} s, a quarter of them invalid${isFailing ? ", while three requests of ten fail" : ""}`,
      {
        load,
        eventsPerSecond: 5_000,
        args: withMetrics,
        pipeline: { maxMessages: 5_000 },
      },
      async (world) => {
        const before = await atRest(world);
        if (isFailing) await world.segment.inject({ action: { kind: "status", status: 503 }, percent: 30 });
        const startedAt = performance.now();
        for (let i = 0; i < RELOADS; i++) {
          await world.changeDefinition(definition(i));
          // On a busy machine the next one would else take its place before it was read.
          await world.until("it is answered", () => count(world, APPLIED) + count(world, INVALID) > i);
          const rest = startedAt + (i + 1) * everyMs - performance.now();
          await sleep(Math.max(0, rest));
        }
        await world.changeDefinition(pipelineYaml({ maxMessages: 5_000, lingerMs: 1 }));
        if (isFailing) await world.segment.heal();
        await world.until("the last change is applied", () => count(world, APPLIED) === VALID + 1);
        expect(count(world, INVALID), "reported as invalid").toBe(RELOADS - VALID);
        await world.until(
          "every definition before it has drained",
          () => count(world, DRAINED) === VALID + 1,
        );
        const { nacked } = await world.pubsub.state();
        expect(nacked, "messages given back").toBe(0);
        expect(world.program.stderr, "listeners").not.toContain("MaxListenersExceededWarning");
        let after = before;
        await world.until("no handle is left over", async () => {
          after = await handles(world);
          // Sockets to Segment come and go with the load, within what one definition may open.
          return after.sockets <= before.sockets + defaults.concurrency && after.timers <= before.timers + 2;
        });
        return {
          injected: `${VALID + 1} applied, ${RELOADS - VALID} refused`,
          allowed: { duplicates: isFailing ? IN_FLIGHT : 0, eventsPerSecond: 5_000 * 2 },
          note: `handles ${text(before)} before, ${text(after)} after`,
        };
      },
    );
  }

  row("27", "SIGHUP, a hundred times, when nothing has changed", { load: LOAD }, async (world) => {
    for (let i = 0; i < 100; i++) {
      world.program.signal("SIGHUP");
      await sleep(20);
    }
    expect(count(world, APPLIED), "definitions applied").toBe(0);
    expect(world.program.exits).toEqual([]);
    return { injected: "100 SIGHUP", note: "nothing is loaded anew" };
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
      // It ends by itself, so nothing was left open.
      await world.program.restart();
      const tookMs = performance.now() - startedAt;
      expect(world.program.exits[0]).toMatchObject({ code: 3, signal: null });
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
    await world.pubsub.fault({ streams: { releaseOnEnd: true } });
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
