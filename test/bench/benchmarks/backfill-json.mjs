// Files of NDJSON, plain and gzipped, through `sluice backfill` into a file, against a script that does nothing but read
// lines, JSON.parse, map, JSON.stringify and write.

import { compare } from "../harness/compare.mjs";
import { backfillToFile, byScript, bySluice, RSS } from "../harness/file-backfill.mjs";
import { linesFile } from "../harness/inputs.mjs";
import { core } from "../harness/launch.mjs";
import { median, pairedRatio } from "../harness/statistics.mjs";

export const summary =
  "NDJSON and .gz files to a file of NDJSON; the whole life of the process counts, on one core.";

const LEAST = 0.9;

export async function run({ quick, repeats, say }) {
  const reports = [];
  for (const gzip of [false, true])
    reports.push(await ofInput(gzip ? ".gz" : "NDJSON", gzip, { quick, repeats, say }));
  return { rows: reports.flatMap(({ rows }) => rows), targets: reports.map(({ target }) => target) };
}

async function ofInput(name, gzip, { quick, repeats, say }) {
  const input = await linesFile(quick ? 100_000 : 500_000, 1, gzip, say);
  const [own, floor] = [`sluice backfill, ${name}`, `floor: JSON.parse, ${name}`];
  const samples = await compare(
    [
      {
        name: own,
        run: () => backfillToFile(input, bySluice({ on: core.measured, decode: "{ type: json-decode }" })),
      },
      { name: floor, run: () => backfillToFile(input, byScript("json-floor")) },
    ],
    { repeats: Math.min(repeats, 3), warmups: 0, say },
  );
  const rows = [...samples].flatMap(([variant, figures]) =>
    Object.entries(figures).map(([figure, values]) => ({
      variant,
      figure,
      values,
      against:
        variant === floor || figure === RSS
          ? undefined
          : { variant: "floor", values: samples.get(floor)[figure] },
    })),
  );
  const rate = (variant) => samples.get(variant)["events/s"];
  const ratio = pairedRatio(rate(own), rate(floor));
  const byCpu = pairedRatio(samples.get(own)["events/CPU second"], samples.get(floor)["events/CPU second"]);
  const perSecond = Math.round(median(rate(own))).toLocaleString("en-US");
  const target = {
    what: `${name} to file, of the JSON.parse floor`,
    target: `≥ ${LEAST} ×`,
    values: rate(own),
    unit: "events/s",
    ratio: `${ratio.toFixed(2)} × floor; ${byCpu.toFixed(2)} × by CPU time`,
    met: ratio >= LEAST,
    tried:
      "JSON bytes to JSON bytes; by the wall a busy machine disturbs one run more than the next: see the ratio by CPU time, and NOTES.md",
  };
  say(`${name}: ${perSecond} events/s`);
  return { rows, target };
}
