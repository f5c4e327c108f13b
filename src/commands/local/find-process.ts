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

export interface Survey {
  readonly running: readonly RunningProcess[];
  /** Their sockets are there, but they do not answer in time. */
  readonly silent: readonly number[];
}

/** Those of this user; sockets that nobody listens on are removed. */
export async function survey(env: Env): Promise<Survey> {
  if (!hasLocalSockets())
    throw new UsageError(
      "On Windows running processes cannot be found; use the console: sluice run --console",
    );
  const folder = runtimeFolder(env);
  const looked = await Promise.all(
    (await livingPids(folder)).map((pid) => look(pid, socketPath(folder, pid))),
  );
  return {
    running: looked.filter((one) => typeof one === "object"),
    silent: looked.filter((one) => typeof one === "number"),
  };
}

/** Its number: it does not answer. Undefined: it has ended. */
async function look(pid: number, socket: string): Promise<RunningProcess | number | undefined> {
  try {
    const [about, { items }] = await Promise.all([
      ask<ProcessSnapshot>(socket, "/api/v2/process"),
      ask<{ items: PipelineSnapshot[] }>(socket, "/api/v2/pipelines"),
    ]);
    return { pid, socket, about, pipelines: items };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") return undefined;
    if (code !== "ECONNREFUSED") return pid;
    // The number lives on in another process, or it has just ended.
    await rm(socket, { force: true });
    return undefined;
  }
}

/** "" when all answer. */
export function silence(silent: readonly number[]): string {
  if (silent.length === 0) return "";
  return silent.length === 1
    ? `Process ${silent[0]} is there, but does not answer: it is very busy, or stopped.`
    : `Processes ${silent.join(", ")} are there, but do not answer: they are very busy, or stopped.`;
}

/** Asks a person on a terminal when there are several. Throws UsageError. */
export async function findProcess(wanted: Wanted, env: Env = process.env): Promise<RunningProcess> {
  const { running, silent } = await survey(env);
  const fitting = running.filter((one) => fits(one, wanted));
  const [first] = fitting;
  if (!first) throw new UsageError(missing(wanted, running, silent));
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

function missing(
  { pipeline, pid }: Wanted,
  all: readonly RunningProcess[],
  silent: readonly number[],
): string {
  const what = [
    pipeline === undefined ? "" : ` of ${pipeline}`,
    pid === undefined ? "" : ` with the id ${pid}`,
  ];
  const none = silent.length === 0 ? "None of yours runs on this machine." : "";
  const there = all.length === 0 ? none : `These run:\n${listOf(all)}\n`;
  return `There is no running process${what.join("")}. ${there}${silence(silent)}`.trimEnd();
}

function listOf(processes: readonly RunningProcess[]): string {
  return processes
    .map(
      ({ pid, about, pipelines }) =>
        `  ${String(pid).padEnd(8)} ${about.command.padEnd(9)} ${pipelines.map(({ name }) => name).join(", ") || "no pipeline yet"}  (${about.folder})`,
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
