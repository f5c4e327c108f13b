// What a command that runs pipelines needs to be watched: the view of the process, and the socket where it is asked.

import type { ConsolePipeline } from "../console/console-world.ts";
import { systemClock } from "../engine/clock.ts";
import type { Logger } from "../engine/contracts.ts";
import { LiveProcess } from "../live/live-process.ts";
import { productVersion } from "../sinks/segment/product-version.ts";
import { type LocalSocket, openLocalSocket } from "./local/open-socket.ts";

export interface OpenLiveView {
  readonly live: LiveProcess;
  close(): Promise<void>;
}

export interface LiveViewOptions {
  readonly command: "run" | "demo" | "backfill" | `worker ${number}`;
  readonly log: Logger;
  readonly pipelines: () => readonly ConsolePipeline[];
}

/** A backfill is only looked at from outside: an observer would keep it from running its stages as one. */
export function openLiveView({ command, log, pipelines }: LiveViewOptions): OpenLiveView {
  const version = productVersion();
  const facts = {
    pid: process.pid,
    command,
    version,
    folder: process.cwd(),
    rssBytes: () => process.memoryUsage.rss(),
  };
  const live = new LiveProcess({ clock: systemClock, log, facts, traces: command !== "backfill" });
  live.start();
  const world = { version, clock: systemClock, log, live, pipelines };
  // Not waited for: the first event does not wait for it either.
  const socket: Promise<LocalSocket> = openLocalSocket(world, process.env, process.pid);
  return {
    live,
    async close() {
      live.close();
      await (await socket).close();
    },
  };
}
