// A container file through `sluice backfill` to a Segment-shaped server in another process, on one core and in threads.
// Measured at the server, between a first mark (everything warm) and a last one.

import { builtAt } from "../harness/against.mjs";
import { compare } from "../harness/compare.mjs";
import { backfillToHttp, byScript, bySluice } from "../harness/http-backfill.mjs";
import { eventsFile } from "../harness/inputs.mjs";
import { core } from "../harness/launch.mjs";
import { median, pairedRatio } from "../harness/statistics.mjs";

export const summary =
  "An Avro container file to a Segment-shaped server; the job has one core, or with threads both; the server has the second.";

const SLUICE = "sluice backfill";
const THREADS = "sluice backfill --workers 2";
const FLOOR = "packed floor";
const STREAMS = "node:stream, per record, and fetch";

/** For `make bench-check`: events per CPU second of both, measured in turns. */
export async function ownAndFloor({ events, repeats, say }) {
  const input = await eventsFile(events, 1, say);
  const variants = [
    { name: SLUICE, run: () => backfillToHttp(input, bySluice({ on: core.measured })) },
    { name: FLOOR, run: () => backfillToHttp(input, byScript("backfill-packed-floor")) },
  ];
  const samples = await compare(variants, { repeats, warmups: 0, say });
  return [SLUICE, FLOOR].map((name) => samples.get(name)["events/CPU second"]);
}

export async function run({ quick, repeats, say, against }) {
  const input = await eventsFile(quick ? 200_000 : 1_000_000, 1, say);
  const variant = (name, start) => ({ name, run: () => backfillToHttp(input, start) });
  const variants = [
    variant(SLUICE, bySluice({ on: core.measured })),
    variant(FLOOR, byScript("backfill-packed-floor")),
    variant(STREAMS, byScript("backfill-fetch-streams")),
    variant(THREADS, bySluice({ options: ["--workers", "2"] })),
  ];
  const then = `sluice at ${against}`;
  if (against)
    variants.push(variant(then, bySluice({ main: await builtAt(against, say), on: core.measured })));
  const samples = await compare(variants, { repeats: Math.min(repeats, 4), warmups: quick ? 0 : 1, say });
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
  const serverCost = median(samples.get(THREADS)["server's CPU µs/event"]);
  /** What two cores could do at what an event costs the job and the server. */
  const most = 2e6 / (1e6 / median(perCpu(THREADS)) + serverCost);
  return {
    rows,
    targets: [
      target("one core, of the packed floor", "≥ 0.9 ×", rate(SLUICE), toFloor >= 0.9, [
        `${toFloor.toFixed(2)} × floor`,
        `${pairedRatio(perCpu(SLUICE), perCpu(FLOOR)).toFixed(2)} × by CPU time`,
        `${pairedRatio(rate(SLUICE), rate(STREAMS)).toFixed(2)} × streams`,
      ]),
      target("two threads, and the server, of one core", "≥ 1.8 ×", rate(THREADS), toOne >= 1.8, [
        `${toOne.toFixed(2)} × one core`,
        `${(most / median(rate(SLUICE))).toFixed(2)} × if no core ever waited: the server needs ${serverCost.toFixed(2)} µs of an event`,
      ]),
      target(
        "two threads, and the server, on two cores",
        "≥ 600,000 events/s",
        rate(THREADS),
        median(rate(THREADS)) >= 600_000,
        [],
      ),
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

const TRIED = {
  "one core, of the packed floor": "The floor checks nothing; what is left is in NOTES.md, “One core”",
  "two threads, and the server, of one core":
    "The server takes its part of the two cores; backfill-threads has both for the job; see NOTES.md, “Threads”",
  "two threads, and the server, on two cores":
    "An event may cost 3.3 µs of two cores, server included; it is three times the packed floor of one core; see NOTES.md, “Threads” and “the third look”",
};

function target(what, wanted, values, met, ratios) {
  return {
    what,
    target: wanted,
    values,
    unit: "events/s",
    ratio: ratios.join("; "),
    met,
    tried: TRIED[what],
  };
}
