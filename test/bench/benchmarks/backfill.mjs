// A container file through `sluice backfill` into a file, from the start of the process to its end.

import { compare } from "../harness/compare.mjs";
import { backfillToFile, byScript, bySluice, RSS } from "../harness/file-backfill.mjs";
import { eventsFile } from "../harness/inputs.mjs";
import { core } from "../harness/launch.mjs";
import { median, pairedRatio } from "../harness/statistics.mjs";

export const summary =
  "An Avro container file to a file of NDJSON; the whole life of the process counts, on one core.";

const SLUICE = "sluice backfill";
const FLOOR = "floor: decode, map, stringify, write";
const STREAMS = "node:stream, per record";

export async function run({ quick, repeats, say }) {
  const input = await eventsFile(quick ? 200_000 : 1_000_000, 1, say);
  const variant = (name, work) => ({ name, run: () => backfillToFile(input, work) });
  const samples = await compare(
    [
      variant(SLUICE, bySluice({ on: core.measured })),
      variant(FLOOR, byScript("backfill-floor")),
      variant(STREAMS, byScript("backfill-streams")),
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
