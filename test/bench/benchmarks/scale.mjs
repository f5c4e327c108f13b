// What an event costs as things grow: events, files, destinations, pipelines, sizes, flags. CPU of the real program, at
// work between two marks of the server (start-up is in the series over events only, as a whole life).

import { backfillToHttp, bySluice } from "../harness/http-backfill.mjs";
import { chart } from "../harness/chart.mjs";
import { unexplained } from "../harness/explained.mjs";
import { eventsFile } from "../harness/inputs.mjs";
import { core } from "../harness/launch.mjs";
import { pipelinesInOneProcess } from "../harness/many-pipelines.mjs";
import { repeatFile, sizedFile, splitFile } from "../harness/scale-inputs.mjs";
import { median } from "../harness/statistics.mjs";

export const summary =
  "CPU for one event as things grow, one core; the container file goes to a Segment-shaped server of its own process.";

const FLAT = 0.15;
const MOST_MIB = 250;
const SAMPLE_FLAGS = [
  "checkout-redesign",
  "search-ranking",
  "new-pricing-page",
  "dark-mode",
  "max-upload-mb",
];
const PICTURE = "scale.svg";

export async function run({ quick, repeats, say }) {
  const rounds = quick ? 1 : Math.min(repeats, 2);
  const k = quick ? 0.1 : 1;
  const base = await eventsFile(1_000_000 * k, 1, say);
  const million = await byEvents(base, { quick, rounds, say });
  const series = [
    million.series,
    await over(
      "files",
      [1, 10, 100, 1_000].filter((n) => !quick || n <= 100),
      rounds,
      say,
      (files) => {
        const input = splitFile(base, files, quick ? 100 : 1_000);
        return () => steady(input);
      },
    ),
    await over("destinations", [1, 10, 100], rounds, say, async (destinations) => {
      const { path, events, passing } = await eventsFile((600_000 * k) / destinations, 1, say);
      const each = { path, events: events * destinations, passing: passing * destinations };
      return () => steady(each, { destinations });
    }),
    await over("pipelines in one process", [1, 10, 50], rounds, say, async (pipelines) => {
      const input = await eventsFile(60_000 * k, 1, say);
      return () => pipelinesInOneProcess(input, pipelines);
    }),
    await over("bytes of an event", [200, 1_000, 5_000, 30_000], rounds, say, async (size) => {
      const input = await sizedFile(size, Math.floor((90_000_000 * k) / Math.max(size, 300)));
      return () => steady(input);
    }),
    await over("flags that are on", [10, 1_000, 100_000], rounds, say, (flags) => {
      const others = Array.from({ length: flags - SAMPLE_FLAGS.length }, (_, i) => `flag-${i}`);
      return () => steady(million.tenth, { flags: [...others, ...SAMPLE_FLAGS] });
    }),
  ];
  return reportOf(series, million);
}

/** CPU µs of one event between the marks. */
async function steady(input, world = {}) {
  const sample = await backfillToHttp(input, bySluice({ on: core.measured, world }));
  return 1_000_000 / sample["events/CPU second"];
}

async function byEvents(base, { quick, rounds, say }) {
  const sizes = [1_000, 10_000, 100_000];
  const life = async (input) => {
    const sample = await backfillToHttp(input, bySluice({ on: core.measured }));
    return { cost: sample["CPU µs/event, start and end included"], peakMib: sample["peak RSS MiB"] };
  };
  const points = [];
  let tenth;
  for (const size of sizes) {
    const input = await eventsFile(size, 1, say);
    const values = [];
    for (let round = 0; round < rounds; round++) values.push((await life(input)).cost);
    points.push({ at: size, values });
    tenth = input;
  }
  const largest = repeatFile(base, quick ? 2 : 10);
  for (const input of [base, largest]) {
    const { cost, peakMib } = await life(input);
    say(`events ${input.events}: ${cost.toFixed(2)} µs, ${Math.round(peakMib)} MiB`);
    points.push({ at: input.events, values: [cost], peakMib });
  }
  return { series: { what: "events", points }, tenth: quick ? tenth : base, largest: points.at(-1) };
}

/** In turns, there and back, so that what else the machine does, and what the run before left, meet all sizes alike. */
async function over(what, sizes, rounds, say, prepare) {
  const points = [];
  for (const at of sizes) points.push({ at, once: await prepare(at), values: [] });
  for (let round = 0; round < rounds; round++)
    for (const { once, values } of round % 2 === 0 ? points : points.toReversed()) values.push(await once());
  for (const { at, values } of points)
    say(`${what} ${at}: ${values.map((value) => value.toFixed(2)).join(", ")} µs`);
  return { what, points: points.map(({ at, values }) => ({ at, values })) };
}

/**
 * Why a series may slope, by its name, and what its cost grows with if that is so. A slope that does not follow the formula has
 * another reason, which nobody knows yet: missed.
 */
const REASONS = {
  events: {
    text: "start-up and compilation, about a second of CPU, are shared by all events of a run",
    growsWith: (events) => 1 / events,
  },
  files: {
    text: "each file is opened, checked by its head and noted in the checkpoint",
    growsWith: (files) => files,
  },
  destinations: {
    text: "per event and destination: the walk over the datum is shared by the messages of all destinations",
    growsWith: (destinations) => 1 / destinations,
  },
  "pipelines in one process": {
    text: "each pipeline has connections, streams and timers of its own, and start-up is in it",
    growsWith: (pipelines) => pipelines,
  },
  "bytes of an event": {
    text: "an event costs a fixed part and one for each byte",
    growsWith: (bytes) => bytes,
  },
  "flags that are on": {
    text: "a look into one set, whose hash table no longer fits into the cache",
    growsWith: (flags) => Math.log10(flags),
  },
};
/** What a reason may leave unexplained, of the cost at any point. */
const LEFT = 0.35;

export function reportOf(series, { largest }) {
  const rows = series.flatMap(({ what, points }) =>
    points.map(({ at, values }) => ({
      variant: `${at.toLocaleString("en-US")} ${what}`,
      figure: "CPU µs/event",
      values,
    })),
  );
  const bytes = series.find(({ what }) => what === "bytes of an event");
  for (const { at, values } of bytes.points)
    rows.push({
      variant: `${at.toLocaleString("en-US")} bytes of an event`,
      figure: "CPU ns/byte",
      values: values.map((value) => (value * 1_000) / at),
    });
  const panels = series.map(({ what, points }) => ({
    title: `by ${what}`,
    unit: what === "events" ? "CPU µs an event, start-up included" : "CPU µs an event",
    points: points.map(({ at, values }) => ({ at, value: median(values), label: short(at) })),
  }));
  return {
    rows,
    targets: [
      ...series.map(flatTarget),
      {
        what: `${largest.at.toLocaleString("en-US")} events backfilled`,
        target: `≤ ${MOST_MIB} MiB`,
        values: [largest.peakMib],
        unit: "MiB",
        met: largest.peakMib <= MOST_MIB,
      },
    ],
    notes: [`![Cost of an event over size](results/${PICTURE})`],
    files: { [PICTURE]: chart(panels) },
  };
}

/** Flat, or as its reason says it would be: the issue of a slope is not that it is there, but that nobody knows why. */
function flatTarget({ what, points }) {
  const costs = points.map(({ values }) => median(values));
  const slope = Math.max(...costs) / Math.min(...costs) - 1;
  const reason = slope <= FLAT ? undefined : (REASONS[what] ?? {});
  const left = reason?.growsWith
    ? unexplained(
        points.map(({ at }, i) => ({ at, cost: costs[i] })),
        reason.growsWith,
      )
    : 1;
  return {
    what: `cost by ${what}, ${short(points[0].at)} to ${short(points.at(-1).at)}`,
    target: "within 15 %, or the reason",
    values: costs,
    unit: "µs/event",
    ratio: `${Math.round(slope * 100)} % apart${reason ? `: ${said(reason, left)}` : ""}`,
    met: reason === undefined || left <= LEFT,
    tried: "Not flat, and not explained",
  };
}

function said({ text }, left) {
  if (text === undefined) return "not flat, and no reason is known";
  if (left <= LEFT) return `not flat, because ${text} (all but ${Math.round(left * 100)} % at most)`;
  return `not flat, and that ${text} does not explain it`;
}

function short(value) {
  if (value >= 1_000_000) return `${value / 1_000_000} M`;
  return value >= 1_000 ? `${value / 1_000} k` : String(value);
}
