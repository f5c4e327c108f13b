// Names the input on which a synchronous step stalls: the event loop cannot, so a thread of its own does.
//
// idle --(enter: a number goes up)--> inside --(leave)--> idle. The thread looks every second; the same number at
// `TICKS` looks in a row is a stall: it writes the input to stderr and ends the process, which fails the test run.

import { Worker } from "node:worker_threads";

const TICKS = 10;
const MAX_INPUT_BYTES = 1_000_000;

const LOOK = `
const { workerData: { shared, ticks } } = require("node:worker_threads");
const { writeSync } = require("node:fs");
const state = new Int32Array(shared, 0, 2);
const bytes = new Uint8Array(shared, 8);
let seen = 0;
let same = 0;
setInterval(() => {
  const current = Atomics.load(state, 0);
  same = current !== 0 && current === seen ? same + 1 : 0;
  seen = current;
  if (same < ticks) return;
  const text = Buffer.from(bytes.slice(0, Atomics.load(state, 1))).toString("utf8");
  writeSync(2, "stalled on this input: " + JSON.stringify(text) + "\\n");
  process.kill(process.pid, "SIGKILL");
}, 1000);
`;

export interface StallWatch {
  /** Runs a step that must come to its end. */
  watched<T>(input: string, step: () => Promise<T> | T): Promise<T>;
  close(): Promise<void>;
}

export function stallWatch(): StallWatch {
  const shared = new SharedArrayBuffer(8 + MAX_INPUT_BYTES);
  const state = new Int32Array(shared, 0, 2);
  const bytes = new Uint8Array(shared, 8);
  const worker = new Worker(LOOK, { eval: true, workerData: { shared, ticks: TICKS } });
  worker.unref();
  let count = 0;
  return {
    async watched(input, step) {
      const { written } = new TextEncoder().encodeInto(input, bytes);
      Atomics.store(state, 1, written);
      Atomics.store(state, 0, ++count);
      try {
        return await step();
      } finally {
        Atomics.store(state, 0, 0);
      }
    },
    close: async () => void (await worker.terminate()),
  };
}
