// Loaded before the program: every CHAOS_GAUGE_MS one line of JSON into the file CHAOS_GAUGE, with what is left on
// the heap after a collection, the event loop's delay since the line before, and what is open.
import { appendFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();

setInterval(() => {
  const p99Ms = delay.percentile(99) / 1e6;
  const maxMs = delay.max / 1e6;
  globalThis.gc();
  const { heapUsed, rss, external } = process.memoryUsage();
  const open = process.getActiveResourcesInfo().length;
  const cpuMs = (process.cpuUsage().user + process.cpuUsage().system) / 1000;
  const line = { atMs: Date.now(), heapUsed, rss, external, p99Ms, maxMs, open, cpuMs };
  appendFileSync(process.env.CHAOS_GAUGE, `${JSON.stringify(line)}\n`);
  // Without the collection that this line itself asked for.
  setImmediate(() => delay.reset());
}, Number(process.env.CHAOS_GAUGE_MS)).unref();
