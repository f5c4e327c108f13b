// A container file through `sluice backfill` into a file, from the start of the process to its end.

import { rmSync, statSync } from "node:fs";
import { join } from "node:path";

import { compare } from "../harness/compare.mjs";
import { eventsFile } from "../harness/inputs.mjs";
import { core, folder, launch, measure } from "../harness/launch.mjs";
import { WRITE_KEY, writePipeline } from "../harness/pipelines.mjs";
import { mainScript } from "../harness/product.mjs";
import { median, pairedRatio } from "../harness/statistics.mjs";

export const summary =
  "An Avro container file to a file of NDJSON; the whole life of the process counts, on one core.";

const SLUICE = "sluice backfill";
const FLOOR = "floor: decode, map, stringify, write";
const STREAMS = "node:stream, per record";
const RSS = "peak RSS MiB";
const MIB = 2 ** 20;

export async function run({ quick, repeats, say }) {
  const input = await eventsFile(quick ? 200_000 : 1_000_000, 1, say);
  const variant = (name, work) => ({ name, run: () => once(input, work) });
  const samples = await compare(
    [
      variant(SLUICE, sluice),
      variant(FLOOR, script("backfill-floor")),
      variant(STREAMS, script("backfill-streams")),
    ],
    { repeats, warmups: 0, say },
  );
  const rate = (name) => samples.get(name)["events/s"];
  const rows = [...samples].flatMap(([name, figures]) =>
    Object.entries(figures).map(([figure, values]) => ({
      variant: name,
      figure,
      values,
      against:
        name === FLOOR || figure === RSS
          ? undefined
          : { variant: "floor", values: samples.get(FLOOR)[figure] },
    })),
  );
  const own = rate(SLUICE);
  const perCpuSecond = Math.round(median(samples.get(SLUICE)["events/CPU second"])).toLocaleString("en-US");
  const ratio = `${perCpuSecond} events a CPU second; ${pairedRatio(own, rate(FLOOR)).toFixed(2)} × floor; ${pairedRatio(own, rate(STREAMS)).toFixed(2)} × ${STREAMS}`;
  return {
    rows,
    targets: [
      {
        what: "container file to file, one core",
        target: "≥ 100,000 events/s",
        values: own,
        unit: "events/s",
        ratio,
        met: median(own) >= 100_000,
      },
    ],
    notes: [
      "The floor and the streams have the same fields in their output, but no checks of input or output, no hashed `messageId`, no search for duplicates, no counts, no checkpoint.",
    ],
  };
}

/** Every variant writes all events that are for Segment, or it is not comparable. */
async function once({ path, events, passing }, work) {
  const output = join(folder, "out.ndjson");
  const { wallMs, cpuMs, peakBytes, written } = await work(path, output);
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

async function sluice(input, output) {
  const pipeline = writePipeline(folder, "backfill");
  const state = join(folder, "state");
  const args = ["backfill", pipeline, "--from", input, "--to", `file:${output}`, "--state", state];
  const job = launch(mainScript, [...args, "--log-level", "error"], {
    on: core.measured,
    env: { BENCH_WRITE_KEY: WRITE_KEY },
  });
  const end = await job.ended;
  rmSync(state, { recursive: true });
  const delivered = /delivered\D+([\d,]+)/.exec(job.output.stderr)?.[1] ?? "";
  return { ...end, written: Number(delivered.replaceAll(",", "")) };
}

function script(name) {
  return async (input, output) => {
    const { result, ...end } = await measure(`variants/${name}.mjs`, [input, output], { on: core.measured });
    return { ...end, written: result.written };
  };
}
