// Judges what one synchronous or in-memory step costs, and names the input that costs too much.
//
// In processor time, not on the clock: on a busy machine a step waits for its turn, which is nobody's fault. A step
// over the limit is taken alone again, for the first time pays for compiling and a collection may fall into it; what
// it costs is the least of all tries.
//
// One that never ends blocks this thread, so a thread of its own watches for it: idle --(enter: a number goes up)-->
// inside --(leave)--> idle. It looks every second; the same number at `TICKS` looks in a row is a hang: it writes the
// input to stderr and ends the process, which fails the test run.

import { Worker } from "node:worker_threads";

const LIMIT_MS = 100;
const MORE_TRIES = 3;
const TICKS = 30;
const MAX_INPUT_BYTES = 1_000_000;
const SHOWN_CHARACTERS = 400;

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
  writeSync(2, "never ends on this input: " + JSON.stringify(text) + "\\n");
  process.kill(process.pid, "SIGKILL");
}, 1000);
`;

export interface CostGuard {
  /** Runs a step that may be run again. Throws what it throws, and when it costs more than 100 ms of processor time. */
  judged<T>(input: string, step: () => Promise<T> | T): Promise<T>;
  /** Says which input cost the most; `seed` makes the same inputs again. */
  close(seed: number): Promise<void>;
}

export function costGuard(limitMs = LIMIT_MS): CostGuard {
  const shared = new SharedArrayBuffer(8 + MAX_INPUT_BYTES);
  const state = new Int32Array(shared, 0, 2);
  const bytes = new Uint8Array(shared, 8);
  const worker = new Worker(LOOK, { eval: true, workerData: { shared, ticks: TICKS } });
  worker.unref();
  let count = 0;
  let slowest = { ms: 0, input: "" };

  const measured = async <T>(step: () => Promise<T> | T) => {
    Atomics.store(state, 0, ++count);
    const before = process.cpuUsage();
    try {
      const result = await step();
      const { user, system } = process.cpuUsage(before);
      return { result, ms: (user + system) / 1_000 };
    } finally {
      Atomics.store(state, 0, 0);
    }
  };

  return {
    async judged(input, step) {
      const { written } = new TextEncoder().encodeInto(input, bytes);
      Atomics.store(state, 1, written);
      const { result, ms } = await measured(step);
      let least = ms;
      for (let i = 0; i < MORE_TRIES && least > Math.min(limitMs, slowest.ms); i += 1)
        least = Math.min(least, (await measured(step)).ms);
      if (least > slowest.ms) slowest = { ms: least, input };
      if (least > limitMs)
        throw new Error(`takes ${least.toFixed(1)} ms of processor time, more than ${limitMs}: ${input}`);
      return result;
    },
    async close(seed) {
      await worker.terminate();
      const shown = JSON.stringify(slowest.input.slice(0, SHOWN_CHARACTERS));
      process.stdout.write(
        `the slowest input took ${slowest.ms.toFixed(1)} ms of processor time (SLUICE_FUZZ_SEED=${seed}): ${shown}\n`,
      );
    },
  };
}

/** For the inputs of a test run; SLUICE_FUZZ_SEED gives those of an earlier one. */
export function fuzzSeed(): number {
  const given = process.env["SLUICE_FUZZ_SEED"];
  return given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
}
