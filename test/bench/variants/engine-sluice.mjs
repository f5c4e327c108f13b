// The engine itself: `node engine-sluice.mjs <records> [entries]`. With `entries` above 1, records come as blocks of
// so many, as from a file: one receipt for all of them.

import { load } from "../harness/product.mjs";
import { BATCH, passThrough, recordsInMemory, TEXT } from "./engine-records.mjs";
import { warmThenTimed } from "./timed.mjs";

const { Run } = await load("engine/run.js");
const { Metrics } = await load("engine/metrics.js");
const { systemClock } = await load("engine/clock.js");

const total = Number(process.argv[2]);
const entries = Number(process.argv[3] ?? 1);
const count = { settled: 0 };
const records = recordsInMemory(count);

const sink = {
  limits: { count: BATCH, bytes: 480_000_000, itemBytes: 32_768, envelopeBytes: 100, separatorBytes: 1 },
  laneOf: () => "main",
  laneSettings: () => ({
    rates: { events: Infinity, requests: Infinity, bytes: Infinity },
    concurrency: 4,
    lingerMs: 0,
    probeMs: 1_000,
  }),
  encode: () => TEXT,
  write: async () => undefined,
  probe: async () => {},
  close: async () => {},
};

const log = { debug() {}, info() {}, warn() {}, error: (fields, message) => console.error(message, fields) };

function sourceOf(n) {
  return {
    redelivers: false,
    close: async () => {},
    async run(intake) {
      for (let i = 0; i < n; i += entries) {
        const record = records[i % records.length];
        const room = intake.offer(entries === 1 ? record : block(record, i));
        if (room) await room;
      }
    },
  };
}

function block(record, from) {
  const start = from % records.length;
  return { ...record, entries: () => records.slice(start, start + entries) };
}

async function work(n) {
  count.settled = 0;
  const transform = { apply: passThrough };
  const plan = {
    name: "bench",
    configVersion: "1",
    source: sourceOf(n),
    transforms: ["first", "second", "third"].map((type) => ({ type, transform })),
    sinks: [{ name: "free", type: "free", sink }],
    deadLetters: sink,
    deadLetterWindow: { size: 1_000, max: 500 },
    inFlight: { records: 10_000, bytes: 32 * 1024 * 1024 },
    drainMs: 60_000,
  };
  const run = new Run(plan, { clock: systemClock, random: Math.random, log, metrics: new Metrics() });
  const { state, error } = await run.done;
  const delivered = run.metrics.total("sink_events_delivered_total");
  if (state !== "stopped" || delivered !== n || count.settled !== n / entries)
    throw error ?? new Error(`${state}: ${delivered} delivered, ${count.settled} settled of ${n}`);
}

await warmThenTimed(total, work);
