// Backfills to a Segment-shaped server in another process: the real program, and scripts that do the same in other ways.
// Measured at the server, between a first mark (everything warm) and a last one.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { core, folder, heard, launch, serve } from "./launch.mjs";
import { WRITE_KEY, writePipeline } from "./pipelines.mjs";
import { cpuMsOf } from "./proc.mjs";
import { mainScript } from "./product.mjs";

const MIB = 2 ** 20;
const MARKS = [0.2, 0.9];

/**
 * One sample. `input`: `{ path | paths, events, passing }`, where `passing` is how many messages the server gets of
 * `events` that are read. `start(paths, origin)` yields what `launch` yields.
 */
export async function backfillToHttp({ path, paths = [path], events, passing }, start) {
  const marks = MARKS.map((share) => Math.floor(passing * share));
  const segment = await serve("servers/segment.mjs", { marks });
  const job = start(paths, `http://127.0.0.1:${segment.port}`);
  try {
    const at = [];
    for (const mark of marks) {
      const { events: delivered, atMs } = await Promise.race([
        heard(segment.child, (message) => message.mark === mark),
        job.ended.then(() => Promise.reject(new Error("it ended before all was delivered"))),
      ]);
      at.push({ delivered, atMs, cpuMs: cpuMsOf(job.pid), serverMs: cpuMsOf(segment.child.pid) });
    }
    const end = await job.ended;
    const [from, to] = at;
    const read = (to.delivered - from.delivered) * (events / passing);
    return {
      "events/s": (read / (to.atMs - from.atMs)) * 1000,
      "events/CPU second": (read / (to.cpuMs - from.cpuMs)) * 1000,
      "events/s, start and end included": (events / end.wallMs) * 1000,
      "CPU µs/event, start and end included": (end.cpuMs * 1000) / events,
      "server's CPU µs/event": ((to.serverMs - from.serverMs) * 1000) / read,
      "server's share of a core, %": ((to.serverMs - from.serverMs) / (to.atMs - from.atMs)) * 100,
      "peak RSS MiB": end.peakBytes / MIB,
    };
  } finally {
    job.child.kill("SIGKILL");
    await segment.close();
  }
}

/** `on`: the core; undefined: all. `world`: what `writePipeline` takes besides. */
export function bySluice({ main = mainScript, on, options = [], world = {} } = {}) {
  return (inputs, endpoint) => {
    const pipeline = writePipeline(folder, "backfill-http", { ...world, endpoint });
    const state = join(folder, "http-state");
    rmSync(state, { recursive: true, force: true });
    const from = inputs.flatMap((input) => ["--from", input]);
    const args = ["backfill", pipeline, ...from, "--state", state, "--log-level", "error", ...options];
    return launch(main, args, {
      ...(on === undefined ? {} : { on }),
      env: { BENCH_WRITE_KEY: WRITE_KEY },
      expect: [0, "SIGKILL"],
    });
  };
}

/** A script of `variants/`, on the core that is measured. */
export function byScript(name) {
  const path = fileURLToPath(new URL(`../variants/${name}.mjs`, import.meta.url));
  return ([input], origin) => launch(path, [input, origin], { on: core.measured, expect: [0, "SIGKILL"] });
}
