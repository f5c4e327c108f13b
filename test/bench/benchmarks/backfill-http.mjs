// A container file through `sluice backfill` to a Segment-shaped server in another process, on one core and in threads.
// Measured at the server, between a first mark (everything warm) and a last one.

import { builtAt } from "../harness/against.mjs";
import { compare } from "../harness/compare.mjs";
import { backfillToHttp, byScript, bySluice } from "../harness/http-backfill.mjs";
import { eventsFile } from "../harness/inputs.mjs";
import { core } from "../harness/launch.mjs";
import { repeatFile } from "../harness/scale-inputs.mjs";
import { median, pairedRatio } from "../harness/statistics.mjs";

export const summary =
  "An Avro container file to a Segment-shaped server; the job has one core, or with threads both; the server has the second.";

const SLUICE = "sluice backfill";
const ONE_OF_MANY = "sluice backfill, five files";
const THREADS = "sluice backfill --workers 2, five files";
const MANY = 5;
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
  ];
  const then = `sluice at ${against}`;
  if (against)
    variants.push(variant(then, bySluice({ main: await builtAt(against, say), on: core.measured })));
  const rounds = { repeats: Math.min(repeats, 4), warmups: quick ? 0 : 1, say };
  const samples = await compare(variants, rounds);
  const threads = await threadsAndOne(input, rounds);
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
  return {
    rows: [...rows, ...threads.rows],
    targets: [
      target("one core, of the packed floor", "≥ 0.9 ×", rate(SLUICE), toFloor >= 0.9, [
        `${toFloor.toFixed(2)} × floor`,
        `${pairedRatio(perCpu(SLUICE), perCpu(FLOOR)).toFixed(2)} × by CPU time`,
        `${pairedRatio(rate(SLUICE), rate(STREAMS)).toFixed(2)} × streams`,
      ]),
      ...threads.targets,
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

/**
 * On five million events: each thread compiles the code for itself, a good second of CPU, and of a million events it would
 * be measured with that. `events/s` is between the marks, as above.
 */
async function threadsAndOne(input, rounds) {
  const many = repeatFile(input, MANY);
  const variants = [
    { name: ONE_OF_MANY, run: () => backfillToHttp(many, bySluice({ on: core.measured })) },
    { name: THREADS, run: () => backfillToHttp(many, bySluice({ options: ["--workers", "2"] })) },
  ];
  const samples = await compare(variants, { ...rounds, warmups: 0 });
  const [one, two] = variants.map(({ name }) => samples.get(name));
  const rows = [...samples].flatMap(([variant, figures]) =>
    Object.entries(figures).map(([figure, values]) => ({
      variant,
      figure,
      values,
      against: variant === THREADS ? { variant: "one core", values: one[figure] } : undefined,
    })),
  );
  const ratio = pairedRatio(two["events/s"], one["events/s"]);
  const whole = "events/s, start and end included";
  return {
    rows,
    targets: [
      target("two threads, and the server, of one core", "≥ 1.8 ×", two["events/s"], ratio >= 1.8, [
        `${ratio.toFixed(2)} × one core`,
        `${pairedRatio(two[whole], one[whole]).toFixed(2)} × start and end included`,
      ]),
      target(
        "two threads, and the server, on two cores",
        "≥ 600,000 events/s",
        two["events/s"],
        median(two["events/s"]) >= 600_000,
        [],
      ),
    ],
  };
}

const TRIED = {
  "one core, of the packed floor": "The floor checks nothing; what is left is in NOTES.md, “One core”",
  "two threads, and the server, of one core":
    "The server takes its part of the two cores; see NOTES.md, “Threads”",
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
