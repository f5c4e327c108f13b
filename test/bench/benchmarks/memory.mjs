// Peak resident memory where it could grow: a long backfill, and a Pub/Sub that sends more than it was asked for while
// the sink is down. VmHWM of the real program, read from Linux's /proc.

import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { eventsFile } from "../harness/inputs.mjs";
import { core, folder, heard, launch, serve, stop } from "../harness/launch.mjs";
import { WRITE_KEY, writePipeline } from "../harness/pipelines.mjs";
import { peakBytesOf } from "../harness/proc.mjs";
import { mainScript } from "../harness/product.mjs";

export const summary = "Largest resident size of the process, from start to end.";

const MIB = 2 ** 20;
const BACKFILL_MIB = 250;
const FLOODED_MIB = 350;

export async function run({ quick, say }) {
  const backfilled = await backfill(quick ? 200_000 : 1_000_000, say);
  say(`backfill: ${Math.round(backfilled.peakMib)} MiB`);
  const flooded = await flood(quick ? 50_000 : 200_000, quick ? 5_000 : 20_000, say);
  say(`flooded: ${Math.round(flooded.peakMib)} MiB`);
  const what = {
    backfill: `${backfilled.events.toLocaleString("en-US")} events backfilled`,
    flood: `${flooded.messages.toLocaleString("en-US")} messages of 500 B waiting, flow control ignored, sink down`,
  };
  const target = (what, mib, peakMib) => ({
    what,
    target: `≤ ${mib} MiB`,
    values: [peakMib],
    unit: "MiB",
    met: peakMib <= mib,
  });
  return {
    rows: [
      { variant: what.backfill, figure: "peak RSS MiB", values: [backfilled.peakMib] },
      { variant: what.flood, figure: "peak RSS MiB", values: [flooded.peakMib] },
      { variant: what.flood, figure: "messages sent to it", values: [flooded.sent] },
    ],
    targets: [
      target(what.backfill, BACKFILL_MIB, backfilled.peakMib),
      target(what.flood, FLOODED_MIB, flooded.peakMib),
    ],
  };
}

async function backfill(half, say) {
  const files = [await eventsFile(half, 1, say), await eventsFile(half, 2, say)];
  const output = join(folder, "memory.ndjson");
  const pipeline = writePipeline(folder, "memory-backfill");
  const from = files.flatMap(({ path }) => ["--from", path]);
  const args = [
    "backfill",
    pipeline,
    ...from,
    "--to",
    `file:${output}`,
    "--state",
    join(folder, "memory-state"),
  ];
  const { ended } = launch(mainScript, [...args, "--log-level", "error"], {
    on: core.measured,
    env: { BENCH_WRITE_KEY: WRITE_KEY },
  });
  const { peakBytes } = await ended;
  rmSync(output);
  return { events: half * 2, peakMib: peakBytes / MIB };
}

/** Everything is sent to the program, and nothing can be delivered. */
async function flood(messages, holdMs, say) {
  const pubsub = await serve("servers/pubsub.mjs", {
    count: messages,
    bytes: 500,
    faults: { ignoreFlowControl: true },
  });
  const pipeline = writePipeline(folder, "memory-flood", {
    subscription: pubsub.subscription,
    endpoint: `http://127.0.0.1:${await closedPort()}`,
  });
  const { child, pid, ended } = launch(mainScript, ["run", pipeline, "--log-level", "silent"], {
    on: core.measured,
    env: { PUBSUB_EMULATOR_HOST: pubsub.address, BENCH_WRITE_KEY: WRITE_KEY },
    expect: [0, 3, "SIGKILL"],
  });
  const over = ended.then(() => Promise.reject(new Error("the program ended while its sink was down")));
  over.catch(() => {});
  await Promise.race([sleep(holdMs), over]);
  pubsub.child.send({ ask: "state" });
  const { state } = await heard(pubsub.child, (message) => "state" in message);
  say(`Pub/Sub: ${JSON.stringify(state)}`);
  const peakMib = peakBytesOf(pid) / MIB;
  await stop(child, ended, "SIGKILL");
  await pubsub.close();
  if (state.acked > 0)
    throw new Error(`${state.acked} messages were acked though nothing could be delivered`);
  return { messages, peakMib, sent: state.outstanding };
}

async function closedPort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}
