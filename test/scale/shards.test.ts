// Forty container files in eight shards of the real program: one is killed and started again. What arrives is what one
// process makes of them, at the rate of all together.
//
// Twice: under a real Slurm of two nodes, where it can be started; and under the contract of an Indexed Job of Kubernetes
// (an index in the environment, a failed index started again), kept by this test.

import { readFileSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, describe, expect, it, vi } from "vitest";

import { writeContainer } from "../../src/avro/container-writer.ts";
import { encodeAvro, exportEventSchema } from "../../src/emulators/avro-events.ts";
import { exported } from "../support/fixtures.ts";
import { eventTexts, pipelineYaml, start, type Town, town } from "../support/program.ts";
import { RedisServer, redisPrograms } from "../support/redis.ts";
import { SlurmCluster } from "../support/slurm.ts";
import { mostIn } from "./arrivals.ts";
import { madeBy, tell } from "./results.ts";
import { Stalls } from "./stalls.ts";

const FILES = 40;
const isLong = process.env["SLUICE_SCALE_WRITE"] === "1";
/** In the long form all tasks run beside each other for so long that they need the whole rate. */
const EVENTS_A_FILE = isLong ? 600 : 200;
const SHARDS = 8;
const KILLED = 3;
const LIMIT = 900;
const WINDOW_SECONDS = 5;
/** Of the limit, by the best such window: in the short form of a busy machine tasks start one after another. */
const USED_AT_LEAST = isLong ? 0.95 : 0.3;

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const script = fileURLToPath(new URL("../../deploy/slurm/backfill.sh", import.meta.url));
const feature = exported("feature") as { environment: string; event: object };

const slurm = await SlurmCluster.start();
if (typeof slurm === "string") {
  const said = `NOT RUN under Slurm: ${slurm}. The contract of an Indexed Job stands for it.`;
  if (process.env["SLUICE_REQUIRE_SLURM"]) throw new Error(said);
  process.stderr.write(`${said}\n`);
}
afterAll(async () => {
  if (typeof slurm !== "string") await slurm.close();
});

interface Scheduler {
  readonly name: string;
  /** Runs all shards with these arguments to their end, and has `KILLED` killed when it has begun to send. */
  run(world: Town, env: Readonly<Record<string, string>>): Promise<void>;
}

const indexedJob: Scheduler = {
  name: "the contract of an Indexed Job, kept by processes",
  async run(world, env) {
    const shard = (index: number) => {
      const own = { ...env, JOB_COMPLETION_INDEX: String(index), SLUICE_SHARDS: String(SHARDS) };
      return start(["backfill", "p.yaml", "--from", "archive", "--state", "state"], {
        cwd: world.folder,
        env: own,
      });
    };
    const pods = Array.from({ length: SHARDS }, (_, index) => shard(index));
    await Promise.race([killOne(world), ended(pods[KILLED]!)]);
    expect(await pods[KILLED]!.exit).toBe(-1);
    pods[KILLED] = shard(KILLED);
    for (const pod of pods) expect(await pod.exit, pod.output.stderr).toBe(0);
  },
};

/** A shard that ends before it can be killed did not get far. */
async function ended({ exit, output }: ReturnType<typeof start>): Promise<void> {
  const code = await exit;
  if (code !== -1) throw new Error(`ended with ${code} by itself: ${output.stderr}`);
}

const underSlurm = (cluster: SlurmCluster): Scheduler => ({
  name: `${cluster.version}, two nodes, an array of ${SHARDS} tasks`,
  async run(world, env) {
    const bin = join(world.folder, "bin");
    await mkdir(bin);
    await writeFile(join(bin, "sluice"), `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`);
    await chmod(join(bin, "sluice"), 0o755);
    const options = [`--array=0-${SHARDS - 1}`, `--chdir=${world.folder}`, "--output=task-%a.txt"];
    const job = cluster.submit([...options, script, "p.yaml", "archive", "state"], {
      ...env,
      PATH: `${bin}:${process.env["PATH"]}`,
    });
    const nodes = new Set<string>();
    await killOne(world, async () => {
      for (const { state, node } of await cluster.tasks(job)) if (state === "RUNNING") nodes.add(node);
    });
    const isOver = async () => expect(await cluster.tasks(job)).toEqual([]);
    await vi.waitFor(isOver, { timeout: 180_000, interval: 300 });
    expect(nodes).toEqual(new Set(["node1", "node2"]));
    const said = await readFile(join(world.folder, `task-${KILLED}.txt`), "utf8");
    expect(said).toMatch(/Killed/);
  },
});

/** By the lock of its shard, once its checkpoint says that some of its events are settled. */
async function killOne({ folder }: Town, look: () => Promise<void> = () => Promise.resolve()): Promise<void> {
  const shard = join(folder, "state", `shard-${KILLED}-of-${SHARDS}`);
  await vi.waitFor(
    async () => {
      await look();
      const { files } = JSON.parse(readFileSync(join(shard, "checkpoint.json"), "utf8"));
      const positions = Object.values(files as Record<string, { position: number }>).map(
        (file) => file.position,
      );
      expect(Math.max(...positions)).toBeGreaterThan(0);
      const { pid } = JSON.parse(readFileSync(join(shard, "lock"), "utf8")) as { pid: number };
      process.kill(pid, "SIGKILL");
    },
    { timeout: 120_000, interval: 100 },
  );
}

const schedulers = [indexedJob, ...(typeof slurm === "string" ? [] : [underSlurm(slurm)])];

describe.each(schedulers)("a backfill in eight shards under $name", (scheduler) => {
  it("sends what one process would, at one rate, though one is killed and started again", async () => {
    const all = FILES * EVENTS_A_FILE;
    const world = await town([feature.environment], { keepEvents: all * 2, ledgerMaxIds: all * 2 });
    const { folder, segment } = world;
    await world.write("p.yaml", pipelineYaml());
    await mkdir(join(folder, "archive"));
    for (let file = 0; file < FILES; file++)
      await world.write(`archive/${String(file).padStart(2, "0")}.avro`, aContainer(file));
    const one = start(["backfill", "p.yaml", "--from", "archive", "--to", "file:one.ndjson"], {
      cwd: folder,
      env: world.env,
    });
    expect(await one.exit, one.output.stderr).toBe(0);
    const expected = (await readFile(join(folder, "one.ndjson"), "utf8")).trim().split("\n").sort();
    const [program] = redisPrograms;
    const store = program === undefined ? undefined : await RedisServer.start(program);
    const rates = store ? { SLUICE_RATE_STORE: store.url } : {};
    const stalls = new Stalls();
    const startedAt = performance.now();
    try {
      await scheduler.run(world, { ...world.env, ...rates });
    } finally {
      stalls.close();
      await store?.close();
    }
    const { longestMs } = stalls;
    const seconds = (performance.now() - startedAt) / 1000;
    const requests = segment.requests(all * 2);
    const texts = requests.flatMap(({ body }) => (body ? eventTexts(body) : []));
    const received = new Set(texts);
    const missing = expected.filter((text) => !received.has(text)).length;
    const status = await statusOf(world);
    const { maxEventsPerSecond, duplicates, differingIds } = segment.stats();
    const perSecond = mostIn(requests, WINDOW_SECONDS * 1_000) / WINDOW_SECONDS;
    const shared = program === undefined ? `1/${SHARDS} of the rate for each` : `the rate in ${program}`;
    await tell(
      `A backfill in ${SHARDS} shards: ${scheduler.name}`,
      `${madeBy(shared)}
${FILES} container files, ${all} events, one limit of ${LIMIT} events/s; task ${KILLED} was killed (SIGKILL) after its first checkpoint and started again.

| | |
|---|--:|
| pairs of message id and body, one process | ${new Set(expected).size} |
| the same pairs, ${SHARDS} shards | ${received.size} |
| missing, or of another body | **${missing}** |
| sent again by the killed one (they collapse by message id) | ${duplicates} |
| events/s at the receiver, most in any ${WINDOW_SECONDS} s | **${perSecond.toFixed(1)}** |
| the same, in any sliding second | **${maxEventsPerSecond}** |
| longest that the receiver stood still, ms | ${longestMs.toFixed(0)} |
| seconds, starts of the program included | ${seconds.toFixed(1)} |
| \`--status\` | ${status} |`,
    );
    expect([...received].sort()).toEqual(expected);
    expect(differingIds).toBe(0);
    expect(maxEventsPerSecond, `stood still for ${longestMs} ms`).toBeLessThanOrEqual(stalls.mostOf(LIMIT));
    expect(perSecond).toBeGreaterThanOrEqual(LIMIT * USED_AT_LEAST);
    expect(status).toBe(`${SHARDS} of ${SHARDS} done, ${FILES} of ${FILES} files`);
  }, 240_000);
});

async function statusOf({ folder, env }: Town): Promise<string> {
  const program = start(["backfill", "p.yaml", "--status", "--state", "state", "--format", "json"], {
    cwd: folder,
    env,
  });
  expect(await program.exit, program.output.stderr).toBe(0);
  const { sum } = JSON.parse(program.output.stdout);
  return `${sum.done} of ${sum.of} done, ${sum.filesDone} of ${sum.files} files`;
}

/** Of slightly different sizes, in small blocks, so that there are positions to go on from. */
function aContainer(file: number): Buffer {
  const events = Array.from({ length: EVENTS_A_FILE }, (_, i) => ({
    ...feature,
    event: {
      ...feature.event,
      id: `file-${file}-event-${i}`,
      creationDate: Date.UTC(2026, 0, 1) + (file * EVENTS_A_FILE + i) * 1_000,
    },
  }));
  return writeContainer(
    exportEventSchema(),
    events.map((event) => encodeAvro(event)),
    { blockBytes: 8 * 1024, codec: "deflate" },
  );
}
