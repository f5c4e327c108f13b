// Loaded before the program: once a second the p99 and the highest delay of its event loop so far, in ms, as one line
// of JSON into the file LOOP_DELAY. Measuring starts when the file LOOP_DELAY.start is there.
import { existsSync, writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

const delay = monitorEventLoopDelay({ resolution: 5 });
let isOn = false;

setInterval(() => {
  if (!isOn && existsSync(`${process.env.LOOP_DELAY}.start`)) isOn = delay.enable();
  else if (isOn)
    writeFileSync(
      process.env.LOOP_DELAY,
      JSON.stringify({ p99Ms: delay.percentile(99) / 1e6, maxMs: delay.max / 1e6 }),
    );
}, 1_000).unref();
