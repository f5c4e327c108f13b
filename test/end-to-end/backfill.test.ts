import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { expect, it } from "vitest";

import { writeContainer } from "../../src/avro/container-writer.ts";
import { encodeAvro, exportEventSchema } from "../../src/emulators/avro-events.ts";
import { LocalCloudStorage } from "../support/cloud-storage.ts";
import { exported } from "../support/fixtures.ts";
import { pipelineYaml, start, type Town, town } from "../support/program.ts";

const feature = exported("feature") as { environment: string; event: object };

/** `n` events that differ in nothing but their id and time. */
function eventsOf(n: number): object[] {
  return Array.from({ length: n }, (_, i) => ({
    ...feature,
    event: { ...feature.event, id: `id-${i}`, creationDate: Date.UTC(2026, 0, 1) + i * 1000 },
  }));
}

const ndjson = (events: readonly object[]) => events.map((event) => JSON.stringify(event)).join("\n");

async function backfill(
  world: Town,
  ...args: string[]
): Promise<{ code: number; stderr: string; stdout: string }> {
  const program = start(["backfill", "p.yaml", ...args], { cwd: world.folder, env: world.env });
  return { code: await program.exit, ...program.output };
}

it("finished and run again sends nothing", async () => {
  const world = await town([feature.environment]);
  await world.write("p.yaml", pipelineYaml());
  await world.write("a.ndjson", ndjson(eventsOf(300)));
  expect(await backfill(world, "--from", "a.ndjson")).toMatchObject({ code: 0 });
  expect(world.segment.stats().accepted).toBe(300);
  const requests = world.segment.requests().length;
  expect(await backfill(world, "--from", "a.ndjson")).toMatchObject({ code: 0 });
  expect(world.segment.requests().length).toBe(requests);
});

it("refuses to go on when the file or the pipeline changed, unless forced", async () => {
  const world = await town([feature.environment]);
  await world.write("p.yaml", pipelineYaml());
  await world.write("a.ndjson", ndjson(eventsOf(10)));
  await backfill(world, "--from", "a.ndjson");
  await world.write("a.ndjson", ndjson(eventsOf(20)));
  const changed = await backfill(world, "--from", "a.ndjson");
  expect(changed.code).toBe(1);
  expect(changed.stderr).toContain("file-changed");
  expect(await backfill(world, "--from", "a.ndjson", "--force")).toMatchObject({ code: 0 });
  await world.write(
    "p.yaml",
    pipelineYaml().replace("type: segment-event", "type: segment-event, value: native"),
  );
  const otherPipeline = await backfill(world, "--from", "a.ndjson");
  expect(otherPipeline.code).toBe(1);
  expect(otherPipeline.stderr).toContain("config-changed");
});

it("keeps a stretch of time, stops at a limit, and skips what an archive holds twice", async () => {
  const world = await town([feature.environment]);
  await world.write("p.yaml", pipelineYaml());
  const events = eventsOf(100);
  await world.write(
    "a.avro",
    writeContainer(
      exportEventSchema(),
      [...events, ...events].map((event) => encodeAvro(event)),
    ),
  );
  const lines = async (name: string) =>
    (await readFile(join(world.folder, name), "utf8")).trim().split("\n").length;
  const window = ["--since", "2026-01-01T00:00:10Z", "--until", "2026-01-01T00:00:40Z"];
  const some = await backfill(world, "--from", "a.avro", "--to", "file:some.ndjson", ...window);
  expect(some.code).toBe(0);
  expect(await lines("some.ndjson")).toBe(30);
  expect(some.stderr).toMatch(/outside-time-window\s+│\s+140/);
  expect(some.stderr).toMatch(/duplicates skipped\s+│\s+│\s+30/);
  expect(await backfill(world, "--from", "a.avro", "--to", "file:few.ndjson", "--limit", "7")).toMatchObject({
    code: 0,
  });
  expect(await lines("few.ndjson")).toBe(7);
  const look = await backfill(world, "--from", "a.avro", "--to", "stdout", "--limit", "3");
  expect(
    look.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).type),
  ).toEqual(["track", "track", "track"]);
});

it("in shards sends what one process sends, and says how far they are", async () => {
  const world = await town([feature.environment]);
  await world.write("p.yaml", pipelineYaml());
  const events = eventsOf(1_000);
  await world.write("a.ndjson", ndjson(events.slice(0, 400)));
  const data = events.slice(400).map((event) => encodeAvro(event));
  await world.write("b.avro", writeContainer(exportEventSchema(), data));
  const lines = async (name: string) =>
    (await readFile(join(world.folder, name), "utf8")).split("\n").filter((line) => line !== "");
  const from = ["--from", "*.{ndjson,avro}"];
  const shard = (shard: string) =>
    backfill(world, ...from, "--to", "file:some.out", "--state", "s", "--shard", shard);
  const [whole, zero] = await Promise.all([backfill(world, ...from, "--to", "file:one.out"), shard("0/2")]);
  expect(whole).toMatchObject({ code: 0 });
  expect(zero).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/"shard":"0\/2".*takes 1\/2 of each rate/),
  });
  expect(zero.stderr).toContain("under-test (shard 0/2)");
  const status = () => backfill(world, "--state", "s", "--status", "--format", "json");
  const [half, one] = await Promise.all([status(), shard("1/2")]);
  expect(half.code).toBe(3);
  expect(one).toMatchObject({ code: 0 });
  const both = [...(await lines("some.shard-0-of-2.out")), ...(await lines("some.shard-1-of-2.out"))];
  expect(both.sort()).toEqual((await lines("one.out")).sort());
  const all = await status();
  expect(all.code).toBe(0);
  expect(JSON.parse(all.stdout)).toMatchObject({
    shards: [{ state: "done" }, { state: "done" }],
    sum: { done: 2, files: 2, filesDone: 2, read: 1_000, delivered: 1_000 },
  });
});

it("reads objects of Cloud Storage in the pipeline's place of its source", async () => {
  const storage = await LocalCloudStorage.start();
  const world = await town([feature.environment]);
  await world.write("p.yaml", pipelineYaml());
  const data = eventsOf(300).map((event) => encodeAvro(event));
  storage.put("day/a.avro", writeContainer(exportEventSchema(), data));
  storage.put("day/b.ndjson", ndjson(eventsOf(10)));
  const run = await backfill(world, "--from", "gs://b/day/*.avro");
  expect(run, run.stderr).toMatchObject({ code: 0 });
  expect(world.segment.stats().accepted).toBe(300);
});

it("sends the same events with threads as without, and settles them all", async () => {
  const world = await town([feature.environment]);
  await world.write("p.yaml", pipelineYaml());
  const data = eventsOf(2_000).map((event) => encodeAvro(event));
  await world.write("a.avro", writeContainer(exportEventSchema(), data));
  const lines = async (name: string) =>
    (await readFile(join(world.folder, name), "utf8")).trim().split("\n").sort();
  expect(await backfill(world, "--from", "a.avro", "--to", "file:one.ndjson")).toMatchObject({ code: 0 });
  const threads = ["--workers", "2", "--to", "file:two.ndjson"];
  expect(await backfill(world, "--from", "a.avro", ...threads)).toMatchObject({ code: 0 });
  expect(await lines("two.ndjson")).toEqual(await lines("one.ndjson"));
  expect(await backfill(world, "--from", "a.avro", "--workers", "2")).toMatchObject({ code: 0 });
  expect(world.segment.stats().accepted).toBe(2_000);
  const requests = world.segment.requests().length;
  expect(await backfill(world, "--from", "a.avro", "--workers", "2")).toMatchObject({ code: 0 });
  expect(world.segment.requests().length).toBe(requests);
  expect(await backfill(world, "--from", "a.avro", "--workers", "1.5")).toMatchObject({ code: 2 });
});

it.each([
  ["NDJSON", (text: string) => text],
  ["gzip", (text: string) => gzipSync(text)],
])("writes the same events from %s with threads as without", async (_, packed) => {
  const world = await town([feature.environment]);
  await world.write("p.yaml", pipelineYaml());
  await world.write("a.input", packed(`${ndjson(eventsOf(2_000))}\nnot json`));
  const written = async (to: string, ...more: string[]) => {
    const run = await backfill(
      world,
      "--from",
      "a.input",
      "--to",
      `file:${to}`,
      "--state",
      `state-${to}`,
      ...more,
    );
    expect(run, run.stderr).toMatchObject({ code: 0 });
    expect(run.stderr).not.toContain("--workers does nothing here");
    expect(run.stderr).toMatch(/dead-lettered\s+│ \S+\s+│\s+1/);
    return (await readFile(join(world.folder, to), "utf8")).trim().split("\n").sort();
  };
  const one = await written("one.ndjson");
  expect(one).toHaveLength(2_000);
  expect(await written("two.ndjson", "--workers", "2")).toEqual(one);
});

it("takes a folder, shared out among threads, and sends each event of its files once", async () => {
  const world = await town([feature.environment]);
  await world.write("p.yaml", pipelineYaml());
  await mkdir(join(world.folder, "archive", "2026"), { recursive: true });
  const events = eventsOf(900);
  for (const [i, name] of ["a.avro", "2026/b.avro", "2026/c.avro"].entries()) {
    const data = events.slice(i * 300, (i + 1) * 300).map((event) => encodeAvro(event));
    await world.write(join("archive", name), writeContainer(exportEventSchema(), data));
  }
  expect(await backfill(world, "--from", "archive", "--workers", "2")).toMatchObject({ code: 0 });
  expect(world.segment.stats()).toMatchObject({ accepted: 900, duplicates: 0 });
});

it("sends and writes nothing in a dry run, but counts all", async () => {
  const world = await town([feature.environment]);
  await world.write("p.yaml", pipelineYaml());
  await world.write("a.ndjson", `${ndjson(eventsOf(5))}\nnot json`);
  const dry = await backfill(world, "--from", "a.ndjson", "--dry-run");
  expect(dry.code).toBe(0);
  expect(dry.stderr).toMatch(/delivered\s+│ segment-production\s+│\s+5/);
  expect(dry.stderr).toMatch(/dead-lettered\s+│ \S+\s+│\s+1/);
  expect(world.segment.requests()).toEqual([]);
  expect(await backfill(world, "--from", "a.ndjson")).toMatchObject({ code: 0 });
  expect(world.segment.stats().accepted).toBe(5);
});

it("says so when no file matches", async () => {
  const world = await town([feature.environment]);
  await world.write("p.yaml", pipelineYaml());
  const none = await backfill(world, "--from", "nothing-*.avro");
  expect(none.code).toBe(1);
  expect(none.stderr).toContain("no-files");
  expect(none.stderr).toContain("nothing-*.avro");
});
