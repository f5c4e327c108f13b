// How long the program takes from nothing: to the first event at the Segment-shaped server with a message waiting, and for
// `sluice --help`; beside it Node itself, which cannot be beaten.

import { spawn } from "node:child_process";
import { once } from "node:events";

import { compare } from "../harness/compare.mjs";
import { core, folder, heard, launch, pinned, serve, stop } from "../harness/launch.mjs";
import { WRITE_KEY, writePipeline } from "../harness/pipelines.mjs";
import { mainScript } from "../harness/product.mjs";
import { median, pairedRatio } from "../harness/statistics.mjs";

export const summary =
  "Launches of the built program on one core; the servers have the other and wait already.";

const FIRST = "sluice run, to the first event delivered";
const HELP = "sluice --help";
const NODE = "node -e 0";
const FIRST_MS = 700;
const HELP_MS = 150;

/** A job is killed at its end, which the next in its folder would take for a crash. */
let serial = 0;

export async function run({ quick, repeats, say }) {
  const samples = await compare(
    [
      { name: NODE, run: () => wall(["-e", "0"]) },
      { name: HELP, run: () => wall([mainScript, "--help"]) },
      { name: FIRST, run: firstEvent },
    ],
    { repeats: quick ? 3 : Math.max(9, repeats), warmups: 1, say },
  );
  const node = samples.get(NODE).ms;
  const rows = [...samples].map(([variant, { ms }]) => ({
    variant,
    figure: "ms",
    values: ms,
    ...(variant === NODE ? {} : { against: { variant: NODE, values: node } }),
  }));
  const target = (variant, limit) => ({
    what: variant,
    target: `≤ ${limit} ms`,
    values: samples.get(variant).ms,
    unit: "ms",
    ratio: `${pairedRatio(samples.get(variant).ms, node).toFixed(2)} × ${NODE}`,
    met: median(samples.get(variant).ms) <= limit,
    tried:
      "The program and what it loads until the first event are few files; TypeBox, ajv, yaml and yargs are one each. What is left is Node's own start, compiling, and loading highland, undici and grpc-js. See NOTES.md, “Starting”.",
  });
  return { rows, targets: [target(FIRST, FIRST_MS), target(HELP, HELP_MS)] };
}

/** Not through `launch`: its probe would be measured with it. */
async function wall(args) {
  const command = [process.execPath, ...args];
  if (pinned) command.unshift("taskset", "-c", String(core.measured));
  const startedAt = performance.now();
  const child = spawn(command[0], command.slice(1), { stdio: "ignore" });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}`);
  return { ms: performance.now() - startedAt };
}

async function firstEvent() {
  const [pubsub, segment] = await Promise.all([
    serve("servers/pubsub-steady.mjs", {}),
    serve("servers/segment.mjs", { marks: [1] }),
  ]);
  pubsub.child.send({ ask: "publish", perSecond: 100, seconds: 1 });
  await heard(pubsub.child, (message) => "published" in message);
  const pipeline = writePipeline(folder, `start-${serial++}`, {
    subscription: pubsub.subscription,
    endpoint: `http://127.0.0.1:${segment.port}`,
    eventsPerSecond: 1_000,
  });
  const startedAt = performance.now();
  const job = launch(mainScript, ["run", pipeline, "--log-level", "error"], {
    on: core.measured,
    env: { PUBSUB_EMULATOR_HOST: pubsub.address, BENCH_WRITE_KEY: WRITE_KEY },
    expect: ["SIGKILL"],
  });
  try {
    await Promise.race([heard(segment.child, (message) => message.mark === 1), job.ended]);
    return { ms: performance.now() - startedAt };
  } finally {
    await stop(job.child, job.ended, "SIGKILL");
    await Promise.all([pubsub.close(), segment.close()]);
  }
}
