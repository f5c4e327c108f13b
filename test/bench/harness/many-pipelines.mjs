// Several pipelines in one process of `sluice run`, each with a subscription of its own; the messages are dealt out evenly.

import { core, folder, heard, launch, serve, stop } from "./launch.mjs";
import { WRITE_KEY, writePipeline } from "./pipelines.mjs";
import { cpuMsOf } from "./proc.mjs";
import { mainScript } from "./product.mjs";

const MARKS = [0.3, 0.9];

/** CPU µs of one event that is delivered, between the marks. */
export async function pipelinesInOneProcess({ path: file, events: count, passing }, pipelines) {
  const marks = MARKS.map((share) => Math.floor(passing * share));
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
    const at = [];
    for (const mark of marks) {
      const { events } = await Promise.race([
        heard(segment.child, (message) => message.mark === mark),
        ended,
      ]);
      at.push({ events, cpuMs: cpuMsOf(pid) });
    }
    const [from, to] = at;
    return ((to.cpuMs - from.cpuMs) * 1000) / (to.events - from.events);
  } finally {
    await stop(child, ended, "SIGKILL");
    await Promise.all([pubsub.close(), segment.close()]);
  }
}
