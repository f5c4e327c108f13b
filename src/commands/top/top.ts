// `sluice top`: a live table on a terminal; elsewhere a line a second.

import type { Snapshot } from "../../live/shapes/snapshot.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { listen } from "../local/ask.ts";
import { findProcess, pipelineName } from "../local/find-process.ts";
import type { TopOptions } from "../top.ts";
import { snapshotLines } from "./lines.ts";
import { TopScreen } from "./screen.ts";

export async function top(options: TopOptions): Promise<ExitCode> {
  const found = await findProcess(options);
  const query = new URLSearchParams({ events: "false" });
  if (options.pipeline !== undefined) query.set("pipeline", pipelineName(found, options.pipeline));
  const stop = new AbortController();
  const leave = () => stop.abort();
  process.once("SIGINT", leave).once("SIGTERM", leave);
  process.stdout.once("error", leave);
  const isLive = process.stdout.isTTY && process.stdin.isTTY && !options.once && options.format === undefined;
  const color = !process.env["NO_COLOR"];
  const screen = isLive ? new TopScreen(process.stdin, process.stdout, leave, color) : undefined;
  screen?.open();
  try {
    for await (const { event, data } of listen(found.socket, `/api/v2/stream?${query}`, stop.signal)) {
      if (event !== "snapshot") continue;
      const snapshot = JSON.parse(data) as Snapshot;
      if (screen) screen.show(snapshot);
      else if (options.format === "json") process.stdout.write(`${data}\n`);
      else process.stdout.write(`${snapshotLines(snapshot).join("\n")}\n`);
      if (options.once) break;
    }
  } finally {
    screen?.close();
    process.off("SIGINT", leave).off("SIGTERM", leave);
  }
  if (!stop.signal.aborted && !options.once) process.stderr.write(`process ${found.pid} has ended\n`);
  return exitCode.done;
}
