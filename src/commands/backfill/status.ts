// `sluice backfill --status`: how far the shards are, from the files in the folder that they share. Asks no process, so it
// works from any machine that sees the folder.

import { access } from "node:fs/promises";
import { join } from "node:path";

import Table from "cli-table3";

import { systemClock } from "../../engine/clock.ts";
import { RunError } from "../../engine/errors.ts";
import { readPlan } from "../../sources/file/shard-plan.ts";
import { shardName } from "../../sources/file/shards.ts";
import { StateLock } from "../../sources/file/state-lock.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { number } from "../summary.ts";
import type { Reading } from "./progress.ts";
import { readProgress } from "./progress-file.ts";

/** `interrupted`: its process is gone, or was never told to end; started again, it goes on. */
export type ShardState = "waiting" | "running" | "interrupted" | "stopped" | "failed" | "done";

export interface ShardStatus extends Reading {
  /** `i/n`; "all" for a run that is not divided. */
  readonly shard: string;
  readonly state: ShardState;
  readonly eventsPerSecond: number;
  /** Since anything moved; null: nothing has yet. */
  readonly ageSeconds: number | null;
}

export interface Status {
  readonly shards: readonly ShardStatus[];
  readonly sum: Reading & { readonly done: number; readonly of: number; readonly eventsPerSecond: number };
}

/** Exit code 0 when every shard is done, 3 when not. Throws RunError `no-backfill`. */
export async function showStatus(
  directory: string,
  { title, format }: { readonly title: string; readonly format: "text" | "json" },
): Promise<ExitCode> {
  const status = await statusOf(directory, systemClock.wallMs());
  const text = format === "json" ? JSON.stringify(status, null, 1) : statusTable(status, title);
  process.stdout.write(`${text}\n`);
  return status.sum.done === status.sum.of ? exitCode.done : exitCode.gaveBack;
}

export async function statusOf(directory: string, nowMs: number): Promise<Status> {
  const plan = await readPlan(directory);
  if (!plan && !(await readProgress(directory)))
    throw new RunError(
      "no-backfill",
      `${directory} holds no backfill. Say with --state which folder it was given; the default depends on the folder it was started in, and on --to.`,
    );
  const wanted = plan
    ? plan.shards.map((size, index) => ({
        ...size,
        index,
        folder: join(directory, shardName({ index, of: plan.of })),
      }))
    : [{ folder: directory, files: 0, bytes: 0, index: 0 }];
  const shards = await Promise.all(
    wanted.map(({ folder, index, files, bytes }) =>
      shardStatus(folder, { shard: plan ? `${index}/${plan.of}` : "all", files, total: bytes }, nowMs),
    ),
  );
  return { shards, sum: sumOf(shards) };
}

async function shardStatus(
  folder: string,
  known: { readonly shard: string; readonly files: number; readonly total: number },
  nowMs: number,
): Promise<ShardStatus> {
  const [saved, isHeld] = await Promise.all([readProgress(folder), StateLock.isHeld(folder, systemClock)]);
  if (!saved) {
    const state = isHeld ? "running" : (await isThere(folder)) ? "interrupted" : "waiting";
    return { ...NOTHING, ...known, state, eventsPerSecond: 0, ageSeconds: null };
  }
  const { version: _, state, movedAt, eventsPerSecond, ...reading } = saved;
  return {
    ...reading,
    shard: known.shard,
    state: isHeld ? "running" : state === "running" ? "interrupted" : state,
    eventsPerSecond: isHeld ? eventsPerSecond : 0,
    ageSeconds: Math.max(0, Math.round((nowMs - Date.parse(movedAt)) / 1000)),
  };
}

export function statusTable({ shards, sum }: Status, title: string): string {
  const table = new Table({
    head: [
      title,
      "state",
      "files",
      "read",
      "events",
      "delivered",
      "dropped",
      "dead-lettered",
      "rate",
      "last moved",
    ],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", "left", ...Array.from({ length: 8 }, () => "right" as const)],
  });
  const cells = (row: Reading & { readonly eventsPerSecond: number }) => [
    `${number(row.filesDone)}/${number(row.files)}`,
    `${row.total === 0 ? 100 : Math.floor((row.bytes / row.total) * 100)} %`,
    ...[row.read, row.delivered, row.dropped, row.deadLettered].map(number),
    `${number(row.eventsPerSecond)}/s`,
  ];
  for (const row of shards) table.push([row.shard, row.state, ...cells(row), ageOf(row.ageSeconds)]);
  if (shards.length > 1) table.push(["sum", `${sum.done} of ${sum.of} done`, ...cells(sum), ""]);
  return table.toString();
}

function ageOf(seconds: number | null): string {
  if (seconds === null) return "";
  if (seconds < 120) return `${seconds} s ago`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds / 3_600)} h ago`;
}

function sumOf(shards: readonly ShardStatus[]): Status["sum"] {
  const total = (key: keyof Reading | "eventsPerSecond") =>
    shards.reduce((sum, shard) => sum + shard[key], 0);
  return {
    done: shards.filter(({ state }) => state === "done").length,
    of: shards.length,
    bytes: total("bytes"),
    total: total("total"),
    files: total("files"),
    filesDone: total("filesDone"),
    read: total("read"),
    delivered: total("delivered"),
    dropped: total("dropped"),
    deadLettered: total("deadLettered"),
    eventsPerSecond: total("eventsPerSecond"),
  };
}

async function isThere(folder: string): Promise<boolean> {
  try {
    await access(folder);
    return true;
  } catch {
    // No such folder: that shard has not begun.
    return false;
  }
}

const NOTHING = { bytes: 0, filesDone: 0, read: 0, delivered: 0, dropped: 0, deadLettered: 0 };
