// `sluice trace`: asks every running process of this user that fits, and prints what they know.

import type { Trace, TraceStep } from "../../live/shapes/trace.ts";
import { exitCode, type ExitCode, UsageError } from "../exit-code.ts";
import { ask } from "../local/ask.ts";
import { findProcess, type RunningProcess, silence, survey } from "../local/find-process.ts";
import type { TraceCommandOptions } from "../trace.ts";

interface Answer {
  readonly process: RunningProcess;
  readonly trace: Trace;
}

export async function trace(options: TraceCommandOptions): Promise<ExitCode> {
  const { id, pipeline, pid } = options;
  const isNarrow = pipeline !== undefined || pid !== undefined;
  const { running: asked, silent } = isNarrow
    ? { running: [await findProcess(options)], silent: [] }
    : await survey(process.env);
  const unheard = silence(silent);
  if (asked.length === 0)
    throw new UsageError(
      `${unheard || "No process of yours runs on this machine."} What is dead-lettered: sluice dead-letters list`,
    );
  const path = `/api/v2/trace/${encodeURIComponent(id)}`;
  const answers = await Promise.all(
    asked.map(async (one): Promise<Answer> => ({ process: one, trace: await ask<Trace>(one.socket, path) })),
  );
  const found = answers.filter(({ trace: { found } }) => found);
  const shown = found.length > 0 ? found : answers;
  const isPretty = (options.format ?? (process.stdout.isTTY ? "pretty" : "json")) === "pretty";
  for (const { process: one, trace: told } of shown)
    process.stdout.write(
      isPretty ? prettyTrace(told, one) : `${JSON.stringify({ pid: one.pid, ...told })}\n`,
    );
  if (found.length === 0 && unheard !== "") process.stderr.write(`${unheard}\n`);
  return found.length > 0 ? exitCode.done : exitCode.failed;
}

export function prettyTrace(
  { note, paths, deadLetters }: Trace,
  { pid, about }: Pick<RunningProcess, "pid" | "about">,
): string {
  const lines = [`${note}   (process ${pid}, ${about.command})`];
  for (const { pipeline, id, eventId, state, steps } of paths) {
    lines.push("", `${pipeline}  record ${id}${eventId === undefined ? "" : `  event ${eventId}`}  ${state}`);
    for (const step of steps)
      lines.push(`  ${step.at.replace("T", " ")}  ${step.what.padEnd(13)} ${factsOf(step)}`);
  }
  if (deadLetters.length > 0) lines.push("", "Dead letters on the disk:");
  for (const { place, stage, code, message, state } of deadLetters)
    lines.push(`  ${place}  ${state}  ${stage}: ${code}: ${message}`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ids come from outside; a terminal must not act on them.
  return `${lines.map((line) => line.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "?")).join("\n")}\n`;
}

function factsOf(step: TraceStep): string {
  const {
    what,
    stage,
    reason,
    code,
    message,
    attempt,
    destination,
    messageId,
    write,
    status,
    requestId,
    tookMs,
    lanes,
  } = step;
  if (what === "received") return (attempt ?? 1) > 1 ? `delivery attempt ${attempt}` : "";
  if (what === "in-flight")
    return lanes && lanes.length > 0
      ? `waits for ${lanes.map((lane) => `${lane.name} (${lane.state})`).join(", ")}`
      : "";
  const sent =
    write === undefined ? "" : `write ${write}, try ${attempt}, ${status ?? "accepted"} after ${tookMs} ms`;
  return [
    destination === undefined ? "" : `→ ${destination}`,
    stage ?? "",
    reason ?? code ?? "",
    message ?? "",
    sent,
    requestId === undefined ? "" : `request ${requestId}`,
    messageId ?? "",
  ]
    .filter((part) => part !== "")
    .join("  ");
}
