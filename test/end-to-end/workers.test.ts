// Several processes on one machine, by the real program: one rate, one page, one exit code, and processes that are killed.

import { gunzipSync } from "node:zlib";

import { describe, expect, it, vi } from "vitest";

import { exported } from "../support/fixtures.ts";
import { eventTexts, pipelineYaml, start, SUBSCRIPTION, TOPIC, town } from "../support/program.ts";

const feature = exported("feature");
const environment = String(feature["environment"]);
const decode = "{ type: json-decode }";
const soon = { timeout: 150_000, interval: 100 };

interface Logged {
  readonly msg: string;
  readonly worker?: number;
  readonly pid?: number;
}

async function aWorld({ rate = 900 } = {}) {
  const world = await town([environment], { ledgerMaxIds: 100_000, keepEvents: 100_000 });
  world.pubsub.createTopic(TOPIC);
  world.pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, ackDeadlineSeconds: 10 });
  const config = `writeKey: "\${SEGMENT_WRITE_KEY}", endpoint: "\${SEGMENT_ENDPOINT}", eventsPerSecond: ${rate}`;
  await world.write(
    "destinations.yaml",
    `destinations:\n  - { id: segment-production, environment: ${environment}, config: { ${config} } }\n`,
  );
  const pipeline = await world.write("p.yaml", pipelineYaml({ decode }));
  const sluice = (...args: readonly string[]) => start(args, { cwd: world.folder, env: world.env });
  let published = 0;
  const publish = (events: number) => {
    const messages = Array.from({ length: events }, () => {
      published += 1;
      const event = { ...(feature["event"] as object), id: `event-${published}` };
      return { data: Buffer.from(JSON.stringify({ ...feature, event })) };
    });
    world.pubsub.publish(TOPIC, messages);
  };
  return { ...world, pipeline, sluice, publish, delivered: () => world.segment.ids().size };
}

type World = Awaited<ReturnType<typeof aWorld>>;

async function running(world: World, workers: number) {
  const program = world.sluice(
    "run",
    world.pipeline,
    "--workers",
    String(workers),
    "--metrics",
    "127.0.0.1:0",
  );
  const logged = () =>
    program.output.stderr
      .split("\n")
      .filter((line) => line.startsWith("{") && line.endsWith("}"))
      .map((line) => JSON.parse(line) as Logged);
  /** Of each life, in the order in which they ran. */
  const pids = () => logged().flatMap(({ msg, pid }) => (msg === "a worker runs" && pid ? [pid] : []));
  await program.says("metrics and health are served");
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(program.output.stderr)![0];
  const ask = async (path: string) => (await fetch(url + path)).text();
  const ready = async (is = '"ready"') =>
    vi.waitFor(async () => expect(await ask("/readyz")).toContain(is), soon);
  await ready();
  expect(pids()).toHaveLength(workers);
  return { ...program, logged, pids, ask, ready };
}

/** Series of counters and histograms, and the gauges about workers. */
function seriesOf(page: string): Map<string, number> {
  const types = new Map([...page.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name!, type!]));
  const lines = page.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.flatMap((line): [string, number][] => {
      const at = line.lastIndexOf(" ");
      const [name = ""] = line.split(/[{ ]/, 1);
      const type = types.get(name) ?? types.get(name.replace(/_(bucket|sum|count)$/, ""));
      const isWanted = type === "counter" || type === "histogram" || name === "sluice_workers";
      return isWanted ? [[line.slice(0, at), Number(line.slice(at + 1))]] : [];
    }),
  );
}

const DELIVERED =
  'sluice_sink_events_delivered_total{pipeline="under-test",sink="segment",destination="segment-production"}';

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The most events of any second, by when their senders say that they sent them. */
function mostInASecond(world: World): number {
  const sent = world.segment
    .requests(100_000)
    .map(({ body }) => {
      const text = body?.[0] === 0x1f ? gunzipSync(body) : (body ?? Buffer.alloc(0));
      const { sentAt } = JSON.parse(text.toString("utf8")) as { sentAt: string };
      return { at: Date.parse(sentAt), events: eventTexts(text).length };
    })
    .sort((a, b) => a.at - b.at);
  let [from, within, most] = [0, 0, 0];
  for (const { at, events } of sent) {
    within += events;
    while (sent[from]!.at <= at - 1_000) within -= sent[from++]!.events;
    most = Math.max(most, within);
  }
  return most;
}

describe("sluice run --workers", { timeout: 300_000 }, () => {
  it("keeps one rate and one page, and loses nothing when a worker is killed", async () => {
    const rate = 300;
    const world = await aWorld({ rate });
    const program = await running(world, 2);
    const [first = 0] = program.pids();
    const pages: Map<string, number>[] = [];
    const scraped = async () => {
      const page = seriesOf(await program.ask("/metrics"));
      for (const [series, before] of pages.at(-1) ?? [])
        if (!series.startsWith("sluice_workers"))
          expect(page.get(series), series).toBeGreaterThanOrEqual(before);
      pages.push(page);
      return page;
    };
    for (let i = 0; i < 3; i++) world.publish(800);
    const undecodable = Array.from({ length: 20 }, (_, i) => ({ data: Buffer.from(`not JSON ${i}`) }));
    world.pubsub.publish(TOPIC, undecodable);
    await vi.waitFor(async () => expect((await scraped()).get(DELIVERED)).toBeGreaterThan(300), soon);
    process.kill(first, "SIGKILL");
    await program.says("it is started again");
    expect(await program.ask("/readyz")).toContain('"status":"degraded"');
    await vi.waitFor(() => expect(program.pids()).toHaveLength(3), soon);
    await vi.waitFor(async () => {
      await scraped();
      expect(world.delivered()).toBe(2_400);
    }, soon);
    await program.ready();
    const page = await scraped();
    expect(
      page.get('sluice_worker_restarts_total{worker="1"}')! +
        page.get('sluice_worker_restarts_total{worker="2"}')!,
    ).toBe(1);
    expect(page.get('sluice_workers{state="running"}')).toBe(2);
    expect(mostInASecond(world)).toBeLessThanOrEqual(rate);
    program.child.kill("SIGTERM");
    expect(await program.exit).toBe(0);
    expect(program.pids().filter(isAlive)).toEqual([]);
    // Of all workers, those that were killed included; what one had written and not acked another wrote again.
    const letters = world.sluice("dead-letters", "list", world.pipeline, "--json");
    expect(await letters.exit).toBe(0);
    const ids = letters.output.stdout
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { id: string }).id);
    expect(new Set(ids).size).toBe(20);
    const stopped = program.logged().filter(({ msg }) => msg === "stopped");
    expect(stopped.map(({ worker }) => worker).sort()).toEqual([1, 2]);
  });

  it("leaves no worker behind: not at a second signal, not when the supervisor is killed", async () => {
    const world = await aWorld();
    const program = await running(world, 2);
    const release = world.segment.inject({ action: { kind: "never" } });
    world.publish(10);
    await vi.waitFor(() => expect(world.segment.stats().requests).toBeGreaterThan(0), soon);
    program.child.kill("SIGINT");
    await program.says("stopping: the workers drain");
    program.child.kill("SIGINT");
    expect(await program.exit).toBe(3);
    await vi.waitFor(() => expect(program.pids().filter(isAlive)).toEqual([]), soon);
    release();

    const orphaned = await running(world, 2);
    orphaned.child.kill("SIGKILL");
    await vi.waitFor(() => expect(orphaned.pids().filter(isAlive)).toEqual([]), soon);
    await vi.waitFor(
      () => expect(orphaned.logged().filter(({ msg }) => msg === "stopped")).toHaveLength(2),
      soon,
    );
  });

  it("says once what is wrong with a definition or the command line, and starts nothing", async () => {
    const world = await aWorld();
    const archive = pipelineYaml({ decode }).replace(
      /^source: .*$/m,
      "source: { type: file, paths: [a.ndjson] }",
    );
    const files = await world.write("files.yaml", archive);
    const wrong = await world.write("wrong.yaml", pipelineYaml({ decode }).replace("drainMs", "drainMS"));
    const stdout = await world.write("stdout.yaml", pipelineYaml({ decode, sink: "{ type: stdout }" }));
    const overwriting = pipelineYaml({ decode, sink: "{ type: file, path: out.ndjson, mode: overwrite }" });
    const overwrites = await world.write("overwrites.yaml", overwriting);
    const refused = async (says: RegExp, ...args: readonly string[]) => {
      const program = world.sluice("run", ...args);
      expect(await program.exit).toBe(2);
      expect(program.output.stderr).toMatch(says);
      expect(program.output.stderr).not.toContain("starting workers");
    };
    await Promise.all([
      refused(/drainMS/, wrong, "--workers", "2"),
      refused(/under-test reads from file, which each worker would read in full/, files, "--workers", "2"),
      refused(/under-test writes to stdout/, stdout, "--workers", "2"),
      refused(/under-test overwrites a file/, overwrites, "--workers", "2"),
      refused(/--console shows one process/, world.pipeline, "--workers", "2", "--console", "127.0.0.1:0"),
      refused(
        /--workers takes auto, or a whole number from 1 to 32, not many/,
        world.pipeline,
        "--workers",
        "many",
      ),
    ]);
  });
});
