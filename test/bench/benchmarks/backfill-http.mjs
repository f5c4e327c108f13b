// A container file through `sluice backfill` to a Segment-shaped server in another process, on one core and in threads.
// Measured at the server, between a first mark (everything warm) and a last one.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { builtAt } from "../harness/against.mjs";
import { compare } from "../harness/compare.mjs";
import { eventsFile } from "../harness/inputs.mjs";
import { core, folder, heard, launch, serve } from "../harness/launch.mjs";
import { WRITE_KEY, writePipeline } from "../harness/pipelines.mjs";
import { cpuMsOf } from "../harness/proc.mjs";
import { mainScript } from "../harness/product.mjs";
import { median, pairedRatio } from "../harness/statistics.mjs";

export const summary =
  "An Avro container file to a Segment-shaped server; the job has one core, or with threads both; the server has the second.";

const SLUICE = "sluice backfill";
const THREADS = "sluice backfill --workers 2";
const FLOOR = "packed floor";
const STREAMS = "node:stream, per record, and fetch";
const MIB = 2 ** 20;
const MARKS = [0.2, 0.9];

/** For `make bench-check`: events per CPU second of both, measured in turns. */
export async function ownAndFloor({ events, repeats, say }) {
  const input = await eventsFile(events, 1, say);
  const variants = [
    { name: SLUICE, run: () => once(input, sluice(mainScript, core.measured)) },
    { name: FLOOR, run: () => once(input, script("backfill-packed-floor")) },
  ];
  const samples = await compare(variants, { repeats, warmups: 0, say });
  return [SLUICE, FLOOR].map((name) => samples.get(name)["events/CPU second"]);
}

export async function run({ quick, repeats, say, against }) {
  const input = await eventsFile(quick ? 200_000 : 1_000_000, 1, say);
  const variant = (name, start) => ({ name, run: () => once(input, start) });
  const variants = [
    variant(SLUICE, sluice(mainScript, core.measured)),
    variant(FLOOR, script("backfill-packed-floor")),
    variant(STREAMS, script("backfill-fetch-streams")),
    variant(THREADS, sluice(mainScript, undefined, "--workers", "2")),
  ];
  const then = `sluice at ${against}`;
  if (against) variants.push(variant(then, sluice(await builtAt(against, say), core.measured)));
  const samples = await compare(variants, { repeats, warmups: quick ? 0 : 1, say });
  const floor = samples.get(FLOOR);
  const rows = [...samples].flatMap(([name, figures]) =>
    Object.entries(figures).map(([figure, values]) => ({
      variant: name,
      figure,
      values,
      against: name === FLOOR ? undefined : { variant: "floor", values: floor[figure] },
    })),
  );
  const rate = (name) => samples.get(name)["events/s"];
  const perCpu = (name) => samples.get(name)["events/CPU second"];
  const toFloor = pairedRatio(rate(SLUICE), rate(FLOOR));
  const toOne = pairedRatio(rate(THREADS), rate(SLUICE));
  return {
    rows,
    targets: [
      target("one core, of the packed floor", "≥ 0.9 ×", rate(SLUICE), toFloor >= 0.9, [
        `${toFloor.toFixed(2)} × floor`,
        `${pairedRatio(perCpu(SLUICE), perCpu(FLOOR)).toFixed(2)} × by CPU time`,
        `${pairedRatio(rate(SLUICE), rate(STREAMS)).toFixed(2)} × streams`,
      ]),
      target("two threads, of one core", "≥ 1.8 ×", rate(THREADS), toOne >= 1.8, [
        `${toOne.toFixed(2)} × one core`,
      ]),
      target("two threads", "≥ 600,000 events/s", rate(THREADS), median(rate(THREADS)) >= 600_000, []),
    ],
    notes: [
      ...(against
        ? [
            `Now is ${pairedRatio(rate(SLUICE), rate(then)).toFixed(2)} × ${then}; ${pairedRatio(perCpu(SLUICE), perCpu(then)).toFixed(2)} × by CPU time.`,
          ]
        : []),
      "Events are counted as read (drops included). The floors do without checks, hashed `messageId`, search for duplicates, counts and checkpoint. The server takes its share of the second core, which the threads use too.",
    ],
  };
}

function target(what, wanted, values, met, ratios) {
  return { what, target: wanted, values, unit: "events/s", ratio: ratios.join("; "), met };
}

async function once({ path, events, passing }, start) {
  const marks = MARKS.map((share) => Math.floor(passing * share));
  const segment = await serve("servers/segment.mjs", { marks });
  const job = start(path, `http://127.0.0.1:${segment.port}`);
  try {
    const at = [];
    for (const mark of marks) {
      const { events: delivered, atMs } = await Promise.race([
        heard(segment.child, (message) => message.mark === mark),
        job.ended.then(() => Promise.reject(new Error("it ended before all was delivered"))),
      ]);
      at.push({ delivered, atMs, cpuMs: cpuMsOf(job.pid) });
    }
    const end = await job.ended;
    const [from, to] = at;
    const read = (to.delivered - from.delivered) * (events / passing);
    return {
      "events/s": (read / (to.atMs - from.atMs)) * 1000,
      "events/CPU second": (read / (to.cpuMs - from.cpuMs)) * 1000,
      "events/s, start and end included": (events / end.wallMs) * 1000,
      "peak RSS MiB": end.peakBytes / MIB,
    };
  } finally {
    job.child.kill("SIGKILL");
    await segment.close();
  }
}

function sluice(main, on, ...options) {
  return (input, endpoint) => {
    const pipeline = writePipeline(folder, "backfill-http", { endpoint });
    const state = join(folder, "http-state");
    rmSync(state, { recursive: true, force: true });
    const args = ["backfill", pipeline, "--from", input, "--state", state, "--log-level", "error"];
    return launch(main, [...args, ...options], {
      ...(on === undefined ? {} : { on }),
      env: { BENCH_WRITE_KEY: WRITE_KEY },
      expect: [0, "SIGKILL"],
    });
  };
}

function script(name) {
  const path = fileURLToPath(new URL(`../variants/${name}.mjs`, import.meta.url));
  return (input, origin) => launch(path, [input, origin], { on: core.measured, expect: [0, "SIGKILL"] });
}
