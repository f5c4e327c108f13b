// Pub/Sub to Segment: a backlog in a local Pub/Sub of its own process, the job, and a Segment-shaped server in another.
// Measured at the sink, between a first mark (everything warm) and a last one (the backlog not yet at its end). Beside it
// what only receives and acknowledges: the vendor's high-level client, and a bare stream, which is what the server gives.

import { fileURLToPath } from "node:url";

import { builtAt } from "../harness/against.mjs";
import { compare } from "../harness/compare.mjs";
import { eventsFile } from "../harness/inputs.mjs";
import { core, folder, heard, launch, serve, stop } from "../harness/launch.mjs";
import { WRITE_KEY, writePipeline } from "../harness/pipelines.mjs";
import { cpuMsOf, peakBytesOf } from "../harness/proc.mjs";
import { exportSchema, mainScript } from "../harness/product.mjs";
import { median } from "../harness/statistics.mjs";

export const summary =
  "A local Pub/Sub with a backlog, the job, a Segment-shaped server, each its own process; the job has one core, the servers share the other.";

const SLUICE = "sluice run";
const BY_HAND = "hand-written job";
const CLIENT = "high-level client, receives and acks only";
const STUB = "bare stream, receives and acks only";
const HAND_WRITTEN = fileURLToPath(new URL("../hand-written.mjs", import.meta.url));
const BARE_PULL = fileURLToPath(new URL("../variants/bare-pull.mjs", import.meta.url));
/** Data and attributes of a message together, on average. */
const MESSAGE_BYTES = 400;
const TARGET = 50_000;
const TARGET_RATIO = 6;
const MIB = 2 ** 20;

/** A job is killed at its end, which the next in its folder would take for a crash. */
let serial = 0;

export async function run({ quick, repeats, say, against }) {
  const count = quick ? 60_000 : 200_000;
  const { path: file, passing } = await eventsFile(count, 1, say);
  // The slower job is given fewer events to be measured on, not a smaller backlog.
  const most = [0.2, 0.95].map((share) => Math.floor(passing * share));
  const jobs = [
    { name: SLUICE, start: sluice(mainScript), marks: most },
    { name: BY_HAND, start: startByHand, marks: [0.1, 0.3].map((share) => Math.floor(passing * share)) },
    { name: CLIENT, start: barePull("client"), marks: most, marksItself: true },
    { name: STUB, start: barePull("stub"), marks: most, marksItself: true },
  ];
  if (against)
    jobs.push({ name: `sluice run, ${against}`, start: sluice(await builtAt(against, say)), marks: most });
  const variants = jobs.map(({ name, ...job }) => ({ name, run: () => once({ ...job, count, file }) }));
  const samples = await compare(variants, { repeats, warmups: 0, say });
  const byHand = samples.get(BY_HAND);
  const rows = [...samples].flatMap(([name, figures]) =>
    Object.entries(figures).map(([figure, values]) => ({
      variant: name,
      figure,
      values,
      against: name === BY_HAND ? undefined : { variant: BY_HAND, values: byHand[figure] },
    })),
  );
  const own = samples.get(SLUICE)["events/s"];
  const client = samples.get(CLIENT)["events/s"];
  const overHand = own.map((value, round) => value / byHand["events/s"][round]);
  const overClient = own.map((value, round) => value / client[round]);
  const target = (what, wanted, values, unit, met, ratio) => ({
    what,
    target: wanted,
    values,
    unit,
    met,
    ratio,
  });
  const perSecond = TARGET.toLocaleString("en-US");
  return {
    rows,
    targets: [
      target(
        "Pub/Sub to Segment, one core for the job",
        `≥ ${perSecond} events/s`,
        own,
        "events/s",
        median(own) >= TARGET,
      ),
      target(`of the ${BY_HAND}`, `≥ ${TARGET_RATIO} ×`, overHand, "×", median(overHand) >= TARGET_RATIO),
      target(
        "of the high-level client that does nothing else",
        "> 1 ×",
        overClient,
        "×",
        median(overClient) > 1,
      ),
    ].map((one) => ({ ...one, tried: TRIED })),
    notes: [
      `Messages have ${MESSAGE_BYTES} bytes of data and attributes on average. The bare stream says what the server gives; all are counted in events that reached the end (drops not), the last two in messages.`,
    ],
  };
}

const TRIED =
  "Fused plan for messages and larger windows, see NOTES.md, “Live messages”; the server and Segment share the other core.";

async function once({ start, marks, count, file, marksItself = false }) {
  const [pubsub, segment] = await Promise.all([
    serve("servers/pubsub.mjs", { count, file, messageBytes: MESSAGE_BYTES }),
    serve("servers/segment.mjs", { marks }),
  ]);
  const job = start(pubsub, `http://127.0.0.1:${segment.port}`);
  if (marksItself) job.child.send({ marks });
  try {
    const at = [];
    for (const mark of marks) {
      const { events, atMs } = await Promise.race([
        heard(marksItself ? job.child : segment.child, (message) => message.mark === mark),
        job.ended, // Rejects: nothing but our SIGKILL is an end that is expected.
      ]);
      at.push({ events, atMs, cpuMs: cpuMsOf(job.pid) });
    }
    const [from, to] = at;
    const events = to.events - from.events;
    return {
      "events/s": (events / (to.atMs - from.atMs)) * 1000,
      "events/CPU second": (events / (to.cpuMs - from.cpuMs)) * 1000,
      "CPU µs/event": ((to.cpuMs - from.cpuMs) * 1000) / events,
      "peak RSS MiB": peakBytesOf(job.pid) / MIB,
    };
  } finally {
    await stop(job.child, job.ended, "SIGKILL");
    await Promise.all([pubsub.close(), segment.close()]);
  }
}

function sluice(main) {
  return ({ address, subscription }, endpoint) => {
    const pipeline = writePipeline(folder, `live-${serial++}`, { subscription, endpoint });
    const args = ["run", pipeline, "--log-level", "error"];
    const env = { PUBSUB_EMULATOR_HOST: address, BENCH_WRITE_KEY: WRITE_KEY };
    return launch(main, args, { on: core.measured, env, expect: ["SIGKILL"] });
  };
}

function startByHand({ address, subscription }, endpoint) {
  const env = {
    PUBSUB_EMULATOR_HOST: address,
    SUBSCRIPTION: subscription,
    SCHEMA_FILE: exportSchema,
    SEGMENT_HOST: endpoint,
    WRITE_KEY,
  };
  return launch(HAND_WRITTEN, [], { on: core.measured, env, expect: ["SIGKILL"] });
}

function barePull(how) {
  return ({ address, subscription }) =>
    launch(BARE_PULL, [how, subscription], {
      on: core.measured,
      env: { PUBSUB_EMULATOR_HOST: address },
      ipc: true,
      expect: ["SIGKILL"],
    });
}
