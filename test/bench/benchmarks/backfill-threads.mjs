// What threads bring where no server wants a core: container files into a file, on one core and on two with `--workers 2`.
// (backfill-http has the same against a server, which takes its part of the second core.)

import { compare } from "../harness/compare.mjs";
import { backfillToFile, bySluice } from "../harness/file-backfill.mjs";
import { eventsFile } from "../harness/inputs.mjs";
import { core } from "../harness/launch.mjs";
import { repeatFile } from "../harness/scale-inputs.mjs";
import { pairedRatio } from "../harness/statistics.mjs";

export const summary =
  "Container files to a file of NDJSON, on one core and on two with threads; the whole life of the process counts.";

const ONE = "sluice backfill";
const TWO = "sluice backfill --workers 2";
const WANTED = 1.8;

export async function run({ quick, repeats, say }) {
  const input = repeatFile(await eventsFile(quick ? 200_000 : 1_000_000, 1, say), 3);
  const samples = await compare(
    [
      { name: ONE, run: () => backfillToFile(input, bySluice({ on: core.measured })) },
      { name: TWO, run: () => backfillToFile(input, bySluice({ options: ["--workers", "2"] })) },
    ],
    { repeats: Math.min(repeats, 3), warmups: 0, say },
  );
  const [one, two] = [samples.get(ONE), samples.get(TWO)];
  const rows = [...samples].flatMap(([variant, figures]) =>
    Object.entries(figures).map(([figure, values]) => ({
      variant,
      figure,
      values,
      against: variant === TWO ? { variant: "one core", values: one[figure] } : undefined,
    })),
  );
  const ratio = pairedRatio(two["events/s"], one["events/s"]);
  return {
    rows,
    targets: [
      {
        what: "two threads to a file, of one core",
        target: `≥ ${WANTED} ×`,
        values: two["events/s"],
        unit: "events/s",
        ratio: `${ratio.toFixed(2)} × one core; an event costs ${(1 / pairedRatio(two["events/CPU second"], one["events/CPU second"])).toFixed(2)} × the CPU`,
        met: ratio >= WANTED,
        tried:
          "Reading, duplicates, settling and writing stay in the main thread, a third of the work; see NOTES.md, “Threads”",
      },
    ],
  };
}
