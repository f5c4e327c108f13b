// A live job that has little to do, which is what it mostly has: what an event costs at 1,000 a second, how late it is at
// 500 a second, what the process takes when nothing comes, and whether it grows. Servers and job are processes of their
// own; each event carries the time at which it was published.

import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";

import { compare } from "../harness/compare.mjs";
import { core, folder, heard, launch, serve, stop } from "../harness/launch.mjs";
import { WRITE_KEY, writePipeline } from "../harness/pipelines.mjs";
import { cpuMsOf, peakBytesOf } from "../harness/proc.mjs";
import { exportSchema, mainScript } from "../harness/product.mjs";
import { median, pairedRatio } from "../harness/statistics.mjs";

export const summary =
  "1,000 events a second (CPU, memory), 500 a second under a limit of 1,000 (delay), and none; the job has one core, the servers the other.";

const SLUICE = "sluice run";
const BY_HAND = "hand-written job";
const BARE = "bare stream, receives and acks only";
const MIB = 2 ** 20;
const BUSY = 1_000;
const QUIET = 500;
const IDLE_SECONDS = 60;
/** V8 collects once more when nothing comes any more; that is not what idling costs. */
const SETTLE_MS = 20_000;
/**
 * Code that runs seldom is compiled late: what a long-lived job costs shows after tens of thousands of events, and some
 * seconds at the rate itself. It remembers the last 200,000 messages that it acknowledged, and V8 keeps what it compiles,
 * for two more minutes at such a rate (400 kB): whether it grows shows when it has had both.
 */
const WARM = {
  busy: { perSecond: 6_000, seconds: 5 },
  quiet: { perSecond: BUSY, seconds: 4 },
  full: { perSecond: 8_000, seconds: 27 },
};
const SETTLE = { busy: 5, growth: 100 };
const HAND_WRITTEN = fileURLToPath(new URL("../hand-written.mjs", import.meta.url));
const BARE_PULL = fileURLToPath(new URL("../variants/bare-pull.mjs", import.meta.url));
const HEAP_PROBE = fileURLToPath(new URL("../harness/heap-probe.mjs", import.meta.url));

/** A job is killed at its end, which the next in its folder would take for a crash. */
let serial = 0;

export async function run({ quick, repeats, say }) {
  const seconds = 10;
  const rounds = { repeats: Math.min(repeats, 3), warmups: 0, say };
  const busy = await compare(
    [
      { name: SLUICE, run: () => busyRun(sluice, seconds) },
      { name: BY_HAND, run: () => busyRun(byHand, seconds) },
    ],
    rounds,
  );
  const quiet = await compare(
    [
      { name: SLUICE, run: () => delayed(sluice, seconds) },
      { name: BARE, run: () => bareDelay(seconds) },
    ],
    rounds,
  );
  const idle = await idleRun(quick ? 10 : IDLE_SECONDS);
  say(`idle: ${idle.toFixed(2)} % of a core`);
  const peak = await resident(quick ? 10 : 40);
  say(`resident: ${peak.toFixed(0)} MiB at most`);
  const grown = await growth(quick ? { settle: 0, seconds: 30 } : { settle: SETTLE.growth, seconds: 120 });
  say(`heap: ${grown.slope.toFixed(3)} MiB a minute`);
  return report({ busy, quiet, idle, peak, grown });
}

const TRIED = {
  waking:
    "Messages wait 25 ms for one another while few come; what is left is mostly waking up, which the bare stream pays for, too. See NOTES.md, “What a live message costs when few come”.",
  memory: "See NOTES.md, “Memory at 1,000 events/s”.",
};

function report({ busy, quiet, idle, peak, grown }) {
  const own = busy.get(SLUICE);
  const byHandCpu = busy.get(BY_HAND)["CPU µs/event"];
  const above = (figure) =>
    quiet.get(SLUICE)[figure].map((value, round) => value - quiet.get(BARE)[figure][round]);
  const cpu = own["CPU µs/event"].map((value, round) => value / byHandCpu[round]);
  const most = (what, limit, values, unit, tried, ratio) => ({
    what,
    target: `≤ ${limit} ${unit}`,
    values,
    unit,
    ratio,
    met: median(values) <= limit,
    tried,
  });
  const rowsOf = (samples, against) =>
    [...samples].flatMap(([variant, figures]) =>
      Object.entries(figures).map(([figure, values]) => ({
        variant,
        figure,
        values,
        ...(against && variant !== against
          ? { against: { variant: against, values: samples.get(against)[figure] } }
          : {}),
      })),
    );
  const rate = (n) => `at ${n.toLocaleString("en-US")} events/s`;
  return {
    rows: [
      ...rowsOf(busy, BY_HAND),
      ...rowsOf(quiet),
      { variant: SLUICE, figure: "% of a core when idle", values: [idle] },
      { variant: SLUICE, figure: "heap after collection, MiB a minute", values: [grown.slope] },
    ],
    targets: [
      most(
        `CPU of the ${BY_HAND}'s, ${rate(BUSY)}`,
        0.5,
        cpu,
        "×",
        TRIED.waking,
        `${pairedRatio(own["CPU µs/event"], byHandCpu).toFixed(2)} ×`,
      ),
      most(
        `published to delivered, half of the events, ${rate(QUIET)}`,
        15,
        above("p50 ms"),
        "ms above the server's",
        TRIED.waking,
      ),
      most(
        `published to delivered, 99 of 100 events, ${rate(QUIET)}`,
        50,
        above("p99 ms"),
        "ms above the server's",
        TRIED.waking,
      ),
      most("nothing to do", 0.5, [idle], "% of a core", TRIED.waking),
      most(`resident, ${rate(BUSY)}`, 150, [peak], "MiB", TRIED.memory),
      most(
        `growth of the heap, ${rate(BUSY)} for ${grown.seconds} s`,
        0.1,
        [grown.slope],
        "MiB/min",
        TRIED.memory,
      ),
    ],
    notes: [
      "A delay is taken between the clock reading before a message is published and the one when the body that carries it has come to the Segment-shaped server (or the message to the bare stream). Heap: what V8 says is used after a forced collection every ten seconds, once as many messages have passed as are remembered and V8 has compiled what it will; least squares.",
    ],
  };
}

/** Servers and a job; `work` is told of them once the first events have passed. */
async function withJob(start, work, { warm = WARM.quiet, node = [], limit = BUSY } = {}) {
  const [pubsub, segment] = await Promise.all([
    serve("servers/pubsub-steady.mjs", {}),
    serve("servers/segment-clocked.mjs", {}),
  ]);
  const job = start(pubsub, `http://127.0.0.1:${segment.port}`, { node, limit });
  const publish = async (perSecond, seconds) => {
    pubsub.child.send({ ask: "publish", perSecond, seconds });
    await Promise.race([heard(pubsub.child, (message) => "published" in message), job.ended]);
  };
  const ask = async (child, ask, answer) => {
    child.send({ ask });
    return (await heard(child, (message) => answer in message))[answer];
  };
  try {
    await publish(warm.perSecond, warm.seconds);
    let delivered = 0;
    do {
      await Promise.race([sleep(200), job.ended]);
      delivered += (await ask(segment.child, "report", "report")).delays.count;
    } while (delivered < warm.perSecond * warm.seconds);
    return await work({
      job,
      publish,
      delays: async () => (await ask(segment.child, "report", "report")).delays,
    });
  } finally {
    await stop(job.child, job.ended, "SIGKILL");
    await Promise.all([pubsub.close(), segment.close()]);
  }
}

/** The limit is above the rate: at it the job would be paced by the limit. */
function busyRun(start, seconds) {
  const work = async ({ job, publish, delays }) => {
    await publish(BUSY, SETTLE.busy);
    await sleep(500);
    await delays();
    const before = cpuMsOf(job.pid);
    await publish(BUSY, seconds);
    await sleep(1_500);
    const { count } = await delays();
    if (count < BUSY * seconds) throw new Error(`only ${count} events were delivered`);
    return { "CPU µs/event": ((cpuMsOf(job.pid) - before) * 1000) / count };
  };
  return withJob(start, work, { warm: WARM.busy, limit: 10_000 });
}

function delayed(start, seconds) {
  return withJob(start, async ({ publish, delays }) => {
    await publish(QUIET, seconds);
    await sleep(500);
    const { p50, p99 } = await delays();
    return { "p50 ms": p50, "p99 ms": p99 };
  });
}

async function bareDelay(seconds) {
  const pubsub = await serve("servers/pubsub-steady.mjs", {});
  const job = launch(BARE_PULL, ["stub", pubsub.subscription], {
    on: core.measured,
    env: { PUBSUB_EMULATOR_HOST: pubsub.address },
    ipc: true,
    expect: ["SIGKILL"],
  });
  const delays = async () => {
    job.child.send({ ask: "delays" });
    return (await heard(job.child, (message) => "delays" in message)).delays;
  };
  const publish = async (perSecond, seconds) => {
    pubsub.child.send({ ask: "publish", perSecond, seconds });
    await heard(pubsub.child, (message) => "published" in message);
    await sleep(500);
  };
  try {
    await publish(WARM.quiet.perSecond, WARM.quiet.seconds);
    await delays();
    await publish(QUIET, seconds);
    const { p50, p99 } = await delays();
    return { "p50 ms": p50, "p99 ms": p99 };
  } finally {
    await stop(job.child, job.ended, "SIGKILL");
    await pubsub.close();
  }
}

function idleRun(seconds) {
  return withJob(sluice, async ({ job }) => {
    await sleep(SETTLE_MS);
    const before = cpuMsOf(job.pid);
    await sleep(seconds * 1_000);
    return (cpuMsOf(job.pid) - before) / seconds / 10;
  });
}

/** At most, from the start on, in MiB. */
function resident(seconds) {
  return withJob(sluice, async ({ job, publish }) => {
    await publish(BUSY, seconds);
    return peakBytesOf(job.pid) / MIB;
  });
}

function growth({ settle, seconds }) {
  const node = ["--expose-gc", "--import", HEAP_PROBE];
  const work = async ({ job, publish }) => {
    const pointsOf = () =>
      job.output.stderr
        .split("\n")
        .filter((line) => line.startsWith("heap "))
        .map((line) => line.split(" ").slice(1).map(Number));
    await sleep(1_000);
    if (settle > 0) await publish(BUSY, settle);
    const before = pointsOf().length;
    await publish(BUSY, seconds);
    return { slope: slopeOf(pointsOf().slice(before + 1)) * 60, seconds };
  };
  return withJob(sluice, work, { node, warm: WARM.full, limit: 10_000 });
}

/** Of points [x, y], by least squares. */
function slopeOf(points) {
  const mean = (of) => points.reduce((sum, point) => sum + point[of], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const above = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return above / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}

function sluice({ address, subscription }, endpoint, { node, limit }) {
  const pipeline = writePipeline(folder, `live-steady-${serial++}`, {
    subscription,
    endpoint,
    eventsPerSecond: limit,
  });
  const args = ["run", pipeline, "--log-level", "error"];
  const env = { PUBSUB_EMULATOR_HOST: address, BENCH_WRITE_KEY: WRITE_KEY };
  return launch(mainScript, args, { on: core.measured, env, node, expect: ["SIGKILL"] });
}

function byHand({ address, subscription }, endpoint) {
  const env = {
    PUBSUB_EMULATOR_HOST: address,
    SUBSCRIPTION: subscription,
    SCHEMA_FILE: exportSchema,
    SEGMENT_HOST: endpoint,
    WRITE_KEY,
  };
  return launch(HAND_WRITTEN, [], { on: core.measured, env, expect: ["SIGKILL"] });
}
