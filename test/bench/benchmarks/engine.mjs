// The engine with free input and output: what ledger, chunks, lanes and settlement cost by themselves.

import { compare } from "../harness/compare.mjs";
import { core, measure } from "../harness/launch.mjs";
import { median, pairedRatio } from "../harness/statistics.mjs";

export const summary =
  "Records in memory, three transforms that pass them on, a sink that resolves at once; one core.";

const SLUICE = "sluice";
const BLOCKS = "sluice, blocks of 250";
const STREAMS = "node:stream, per record";
const LOOP = "bare loop";

export async function run({ quick, repeats, say }) {
  const records = quick ? 500_000 : 2_000_000;
  const variant = (name, script, ...args) => ({
    name,
    run: async () => {
      const { result } = await measure(`variants/${script}`, [records, ...args], { on: core.measured });
      return {
        "records/s": (records / result.wallMs) * 1000,
        "CPU µs/record": (result.cpuMs * 1000) / records,
      };
    },
  });
  const samples = await compare(
    [
      variant(SLUICE, "engine-sluice.mjs"),
      variant(BLOCKS, "engine-sluice.mjs", 250),
      variant(STREAMS, "engine-streams.mjs"),
      variant(LOOP, "engine-loop.mjs"),
    ],
    { repeats, warmups: quick ? 0 : 1, say },
  );
  const rows = [];
  for (const [name, figures] of samples) {
    for (const [figure, values] of Object.entries(figures)) {
      const against =
        name === STREAMS || figure !== "records/s"
          ? undefined
          : { variant: STREAMS, values: samples.get(STREAMS)[figure] };
      rows.push({ variant: name, figure, values, against });
    }
  }
  const own = samples.get(SLUICE)["records/s"];
  const ratioTo = (name) => pairedRatio(own, samples.get(name)["records/s"]).toFixed(2);
  return {
    rows,
    targets: [
      {
        what: "engine with free I/O, one core",
        target: "≥ 200,000 records/s",
        values: own,
        unit: "records/s",
        ratio: `${ratioTo(STREAMS)} × ${STREAMS}; ${ratioTo(LOOP)} × ${LOOP}`,
        met: median(own) >= 200_000,
      },
    ],
  };
}
