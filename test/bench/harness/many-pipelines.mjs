// Several pipelines in one process of `sluice run`, each with a subscription of its own; the messages are dealt out evenly.

import { core, folder, heard, launch, serve, stop } from "./launch.mjs";
import { WRITE_KEY, writePipeline } from "./pipelines.mjs";
import { cpuMsOf } from "./proc.mjs";
import { mainScript } from "./product.mjs";

const MOST = 0.9;

/**
 * CPU µs of one event that is delivered, from the start of the process to the mark: what many pipelines hold is all taken in
 * before the first of it is delivered, so a later beginning would leave that out.
 */
export async function pipelinesInOneProcess({ path: file, events: count, passing }, pipelines) {
  const marks = [Math.floor(passing * MOST)];
  const [pubsub, segment] = await Promise.all([
    serve("servers/pubsub.mjs", { count, file, topics: pipelines }),
    serve("servers/segment.mjs", { marks }),
  ]);
  const endpoint = `http://127.0.0.1:${segment.port}`;
  const paths = pubsub.subscriptions.map((subscription, i) =>
    writePipeline(folder, `one-of-${pipelines}-${i}`, { subscription, endpoint }),
  );
  const { child, pid, ended } = launch(mainScript, ["run", ...paths, "--log-level", "error"], {
    on: core.measured,
    env: { PUBSUB_EMULATOR_HOST: pubsub.address, BENCH_WRITE_KEY: WRITE_KEY },
    expect: ["SIGKILL"],
  });
  try {
    const { events } = await Promise.race([heard(segment.child, ({ mark }) => mark === marks[0]), ended]);
    return (cpuMsOf(pid) * 1000) / events;
  } finally {
    await stop(child, ended, "SIGKILL");
    await Promise.all([pubsub.close(), segment.close()]);
  }
}
