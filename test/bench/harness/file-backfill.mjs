// Backfills into a file of NDJSON, from the start of the process to its end: the real program, and scripts that do the
// same in other ways.

import { rmSync, statSync } from "node:fs";
import { join } from "node:path";

import { core, folder, launch, measure } from "./launch.mjs";
import { WRITE_KEY, writePipeline } from "./pipelines.mjs";
import { mainScript } from "./product.mjs";

export const RSS = "peak RSS MiB";
const MIB = 2 ** 20;

/** One sample. Every way writes all events that are for Segment, or it is not comparable. */
export async function backfillToFile({ path, paths = [path], events, passing }, work) {
  const output = join(folder, "out.ndjson");
  const { wallMs, cpuMs, peakBytes, written } = await work(paths, output);
  const bytes = statSync(output).size;
  rmSync(output);
  if (written !== passing || bytes < passing * 100)
    throw new Error(`${written} events in ${bytes} bytes were written, not ${passing}`);
  return {
    "events/s": (events / wallMs) * 1000,
    "events/CPU second": (events / cpuMs) * 1000, // What a core of its own would do: the wall knows its neighbours.
    [RSS]: peakBytes / MIB,
  };
}

/** The program's own way, on the core `on` or on all; `decode` is the pipeline's first transform. */
export function bySluice({ decode, on, options = [] } = {}) {
  return async (inputs, output) => {
    const pipeline = writePipeline(folder, "backfill", decode ? { decode } : {});
    const state = join(folder, "state");
    const args = [
      "backfill",
      pipeline,
      ...inputs.flatMap((input) => ["--from", input]),
      "--to",
      `file:${output}`,
      "--state",
      state,
    ];
    const job = launch(mainScript, [...args, "--log-level", "error", ...options], {
      ...(on === undefined ? {} : { on }),
      env: { BENCH_WRITE_KEY: WRITE_KEY },
    });
    const end = await job.ended;
    rmSync(state, { recursive: true });
    const delivered = /delivered\D+([\d,]+)/.exec(job.output.stderr)?.[1] ?? "";
    return { ...end, written: Number(delivered.replaceAll(",", "")) };
  };
}

/** A script of `variants/`, on the core that is measured. */
export function byScript(name) {
  return async ([input], output) => {
    const { result, ...end } = await measure(`variants/${name}.mjs`, [input, output], { on: core.measured });
    return { ...end, written: result.written };
  };
}
