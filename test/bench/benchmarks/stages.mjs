// Each stage by itself: where the time of one event goes.

import { eventsFile } from "../harness/inputs.mjs";
import { core, measure } from "../harness/launch.mjs";
import { median } from "../harness/statistics.mjs";

export const summary =
  "Each stage by itself on the same events, against JSON.parse and JSON.stringify in the same turns.";

const PARSE = "floor: JSON.parse of the event";
const STRINGIFY = "floor: JSON.stringify of the message";
const DECODERS = new Set(["avro-decode, datum of a file", "avro-decode, auto", "json-decode"]);

export async function run({ quick, repeats, say }) {
  const { path } = await eventsFile(200_000, 1, say);
  const rounds = quick ? 5 : 4 * repeats;
  const { result } = await measure("variants/stages.mjs", [path, 50_000, rounds], { on: core.measured });
  const rows = Object.entries(result).map(([variant, values]) => {
    const floor = DECODERS.has(variant) ? PARSE : STRINGIFY;
    const against = variant.startsWith("floor") ? undefined : { variant: floor, values: result[floor] };
    return { variant, figure: "µs/event", values, against };
  });
  const sum = [
    "container block: borders of the data",
    "avro-decode, datum of a file",
    "filter-enabled",
    "segment-event",
    "segment sink: checks and encoding",
  ].reduce((total, name) => total + median(result[name]), 0);
  return {
    rows,
    targets: [],
    notes: [
      `A backfilled event passes stages of ${sum.toFixed(2)} µs together; what it costs beyond that is the engine, files and garbage.`,
    ],
  };
}
