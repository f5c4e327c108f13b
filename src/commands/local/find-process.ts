// Finds the running process that a command is about: by pipeline name or file, by --pid, or the only one there is.

import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { createInterface } from "node:readline/promises";

import type { PipelineSnapshot, ProcessSnapshot } from "../../live/shapes/snapshot.ts";
import { UsageError } from "../exit-code.ts";
import { ask } from "./ask.ts";
import { type Env, hasLocalSockets, livingPids, runtimeFolder, socketPath } from "./place.ts";

export interface RunningProcess {
  readonly pid: number;
  readonly socket: string;
  readonly about: ProcessSnapshot;
  readonly pipelines: readonly Pick<PipelineSnapshot, "name" | "file">[];
}

export interface Wanted {
  /** Name or file; undefined: any. */
  readonly pipeline?: string | undefined;
  readonly pid?: number | undefined;
}

/** Those of this user that answer; sockets that nobody listens on are removed. */
export async function runningProcesses(env: Env): Promise<RunningProcess[]> {
  if (!hasLocalSockets())
    throw new UsageError(
      "On Windows running processes cannot be found; use the console: sluice run --console",
    );
  const folder = runtimeFolder(env);
  const found = await Promise.all(
    (await livingPids(folder)).map((pid) => look(pid, socketPath(folder, pid))),
  );
  return found.filter((one) => one !== undefined);
}

async function look(pid: number, socket: string): Promise<RunningProcess | undefined> {
  try {
    const [about, { items }] = await Promise.all([
      ask<ProcessSnapshot>(socket, "/api/v2/process"),
      ask<{ items: PipelineSnapshot[] }>(socket, "/api/v2/pipelines"),
    ]);
    return { pid, socket, about, pipelines: items };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    // The number lives on in another process, or it has just ended.
    if (code === "ECONNREFUSED") await rm(socket, { force: true });
    return undefined;
  }
}

/** Asks a person on a terminal when there are several. Throws UsageError. */
export async function findProcess(wanted: Wanted, env: Env = process.env): Promise<RunningProcess> {
  const all = await runningProcesses(env);
  const fitting = all.filter((one) => fits(one, wanted));
  const [first] = fitting;
  if (!first) throw new UsageError(missing(wanted, all));
  if (fitting.length === 1) return first;
  if (process.stdin.isTTY && process.stderr.isTTY) return choose(fitting);
  throw new UsageError(
    `Several processes run ${wanted.pipeline ?? "pipelines"}; say which with --pid:\n${listOf(fitting)}`,
  );
}

/** The pipeline's name when it was given by its file. Throws UsageError when it is not to be told which. */
export function pipelineName(process: RunningProcess, wanted: string | undefined): string {
  const named = process.pipelines.filter((one) => wanted === undefined || isNamed(one, wanted, process));
  if (named.length === 1) return named[0]!.name;
  throw new UsageError(`Say which pipeline: ${process.pipelines.map(({ name }) => name).join(", ")}`);
}

function fits(process: RunningProcess, { pipeline, pid }: Wanted): boolean {
  if (pid !== undefined && process.pid !== pid) return false;
  return pipeline === undefined || process.pipelines.some((one) => isNamed(one, pipeline, process));
}

function isNamed(
  { name, file }: RunningProcess["pipelines"][number],
  wanted: string,
  { about }: RunningProcess,
): boolean {
  return name === wanted || resolve(about.folder, file) === resolve(wanted);
}

function missing({ pipeline, pid }: Wanted, all: readonly RunningProcess[]): string {
  const what = [
    pipeline === undefined ? "" : ` of ${pipeline}`,
    pid === undefined ? "" : ` with the id ${pid}`,
  ];
  const there = all.length === 0 ? "None of yours runs on this machine." : `These run:\n${listOf(all)}`;
  return `There is no running process${what.join("")}. ${there}`;
}

function listOf(processes: readonly RunningProcess[]): string {
  return processes
    .map(
      ({ pid, about, pipelines }) =>
        `  ${String(pid).padEnd(8)} ${about.command.padEnd(9)} ${pipelines.map(({ name }) => name).join(", ")}  (${about.folder})`,
    )
    .join("\n");
}

async function choose(processes: readonly RunningProcess[]): Promise<RunningProcess> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await reader.question(
      `Several processes run:\n${listOf(processes)}\nWhich (process id)? `,
    );
    const chosen = processes.find(({ pid }) => String(pid) === answer.trim());
    if (!chosen) throw new UsageError(`${answer.trim() || "nothing"} is none of them`);
    return chosen;
  } finally {
    reader.close();
  }
}
