import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, it } from "vitest";

import { ProgressFile, readProgress } from "../../../src/commands/backfill/progress-file.ts";
import { statusOf, statusTable } from "../../../src/commands/backfill/status.ts";
import { systemClock } from "../../../src/engine/clock.ts";
import { Metrics } from "../../../src/engine/metrics.ts";
import { VirtualClock } from "../../../src/engine/virtual-clock.ts";
import { StateLock } from "../../../src/sources/file/state-lock.ts";
import { silentLog } from "../../support/context.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const movedAt = "2026-01-01T00:00:00.000Z";
const now = Date.parse(movedAt) + 45_000;

async function aPlan(of: number): Promise<string> {
  const folder = await tempFolder();
  const shards = Array.from({ length: of }, () => ({ files: 5, bytes: 1_000 }));
  const plan = { version: 1, pipeline: "p", of, fingerprint: "f", files: 20, bytes: 4_000, shards };
  await writeFile(join(folder, "plan.json"), JSON.stringify(plan));
  return folder;
}

async function aShard(folder: string, name: string, with_: object): Promise<void> {
  await mkdir(join(folder, name), { recursive: true });
  const counts = { bytes: 500, total: 1_000, files: 5, filesDone: 2, read: 100, delivered: 90, dropped: 7 };
  const saved = { version: 1, ...counts, deadLettered: 3, eventsPerSecond: 40, movedAt, ...with_ };
  await writeFile(join(folder, name, "progress.json"), JSON.stringify(saved));
}

it("tells shards that wait, run, ended, failed or were killed, and sums them", async () => {
  const folder = await aPlan(5);
  await aShard(folder, "shard-0-of-5", { state: "done", bytes: 1_000, filesDone: 5 });
  await aShard(folder, "shard-1-of-5", { state: "running" });
  await aShard(folder, "shard-2-of-5", { state: "running" });
  await aShard(folder, "shard-3-of-5", { state: "failed", eventsPerSecond: 0 });
  const lock = await StateLock.take(join(folder, "shard-1-of-5"), systemClock);
  const status = await statusOf(folder, now);
  await lock.release();
  expect(
    status.shards.map(({ shard, state, eventsPerSecond, ageSeconds }) => [
      shard,
      state,
      eventsPerSecond,
      ageSeconds,
    ]),
  ).toEqual([
    ["0/5", "done", 0, 45],
    ["1/5", "running", 40, 45],
    ["2/5", "interrupted", 0, 45],
    ["3/5", "failed", 0, 45],
    ["4/5", "waiting", 0, null],
  ]);
  expect(status.sum).toEqual({
    ...{ done: 1, of: 5, bytes: 2_500, total: 5_000, files: 25, filesDone: 11 },
    ...{ read: 400, delivered: 360, dropped: 28, deadLettered: 12, eventsPerSecond: 40 },
  });
  const table = statusTable(status, "p");
  expect(table).toMatch(/│ 0\/5\s+│ done\s+│\s+5\/5 │ 100 % │/);
  expect(table).toMatch(/│ 4\/5\s+│ waiting\s+│\s+0\/5 │\s+0 % │/);
  expect(table).toMatch(
    /│ sum\s+│ 1 of 5 done\s+│\s+11\/25 │\s+50 % │\s+400 │\s+360 │\s+28 │\s+12 │\s+40\/s │/,
  );
});

it("shows a run that is not divided as one row", async () => {
  const folder = await tempFolder();
  await aShard(folder, ".", { state: "done", bytes: 1_000, filesDone: 5 });
  const status = await statusOf(folder, now);
  expect(status).toMatchObject({ shards: [{ shard: "all", state: "done" }], sum: { done: 1, of: 1 } });
});

it("says that a folder holds no backfill", async () => {
  await expect(statusOf(await tempFolder(), now)).rejects.toMatchObject({ code: "no-backfill" });
});

it("is written while a run moves, over earlier runs, and not before the run has its folder", async () => {
  const folder = await tempFolder();
  const clock = new VirtualClock();
  const write = async (delivered: number) => {
    const metrics = new Metrics();
    const file = new ProgressFile(folder, metrics, { log: silentLog, clock });
    file.start();
    await clock.advance(2_000);
    metrics.set("backfill_files_total", 2);
    metrics.set("backfill_files_done", 1);
    metrics.count("sink_events_delivered_total", delivered);
    metrics.count("values_total", delivered);
    await clock.advance(2_000);
    return file;
  };
  const first = await write(100);
  await first.end("stopped");
  expect(await readProgress(folder)).toMatchObject({
    state: "stopped",
    delivered: 100,
    filesDone: 1,
    files: 2,
  });
  const second = await write(30);
  await second.end("done");
  expect(await readProgress(folder)).toMatchObject({ state: "done", delivered: 130, files: 2 });
  const refused = new ProgressFile(folder, new Metrics(), { log: silentLog, clock });
  await refused.end("failed");
  expect(await readProgress(folder)).toMatchObject({ state: "done" });
});
