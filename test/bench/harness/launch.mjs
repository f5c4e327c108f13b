// Processes of a benchmark: what is measured, and the servers around it. Each is ended with the benchmark.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PROBE = new URL("./usage-probe.mjs", import.meta.url).href;
const canPin = process.platform === "linux" && spawnSync("taskset", ["-V"], { stdio: "ignore" }).status === 0;

export const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

/** The measured process gets the first core and what serves it the second, where there are two and `taskset`. */
export const core = { measured: 0, servers: Math.min(1, availableParallelism() - 1) };
export const pinned = canPin;

let serial = 0;

/**
 * `script` is an absolute path. Yields `{ child, pid, output, ended }`; `ended` resolves with
 * `{ code, wallMs, cpuMs, peakBytes }` and rejects when `expect` (exit codes) does not hold the code.
 */
export function launch(
  script,
  args = [],
  { on, env = {}, cwd = folder, ipc = false, node = [], expect = [0] } = {},
) {
  const usageFile = join(folder, `usage-${serial++}.json`);
  const command = [process.execPath, "--import", PROBE, ...node, script, ...args.map(String)];
  if (canPin && on !== undefined) command.unshift("taskset", "-c", String(on));
  const startedAt = performance.now();
  const child = spawn(command[0], command.slice(1), {
    cwd,
    env: {
      ...process.env,
      NO_COLOR: "1",
      METADATA_SERVER_DETECTION: "none",
      ...env,
      SLUICE_BENCH_USAGE: usageFile,
    },
    stdio: ipc ? ["ignore", "pipe", "pipe", "ipc"] : ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) {
    child[name].setEncoding("utf8").on("data", (text) => {
      output[name] += text;
    });
  }
  const ended = once(child, "close").then(([code, signal]) => {
    running.delete(child);
    const wallMs = performance.now() - startedAt;
    if (expect.includes(code ?? signal)) return { code, wallMs, ...usage(usageFile) };
    throw new Error(`${script} ended with ${code ?? signal}:\n${output.stderr.slice(-2_000)}`);
  });
  ended.catch(() => {}); // Whoever cares awaits it; a server killed at the end is nobody's trouble.
  return { child, pid: child.pid, output, ended };
}

/** A script of `test/bench` that prints one line of JSON and ends. */
export async function measure(path, args, options = {}) {
  const { output, ended } = launch(fileURLToPath(new URL(`../${path}`, import.meta.url)), args, options);
  const end = await ended;
  return { ...end, result: JSON.parse(output.stdout.trim().split("\n").at(-1)) };
}

/** A script of `test/bench/servers`, once it has said over IPC that it is ready. */
export async function serve(path, settings) {
  const script = fileURLToPath(new URL(`../${path}`, import.meta.url));
  const { child, ended } = launch(script, [JSON.stringify(settings)], {
    on: core.servers,
    ipc: true,
    expect: [0, "SIGKILL"],
  });
  const ready = await Promise.race([
    once(child, "message").then(([message]) => message),
    ended.then(() => Promise.reject(new Error(`${path} ended before it was ready`))),
  ]);
  return { ...ready, child, close: () => stop(child, ended, "SIGKILL") };
}

export async function stop(child, ended, signal) {
  child.kill(signal);
  return ended;
}

/** Resolves with the first IPC message that `matches`. */
export function heard(child, matches) {
  return new Promise((resolve, reject) => {
    const listen = (message) => {
      if (!matches(message)) return;
      child.off("message", listen);
      child.off("close", gone);
      resolve(message);
    };
    const gone = () => reject(new Error("the process ended before it said what was waited for"));
    child.on("message", listen).once("close", gone);
  });
}

export function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}

function usage(path) {
  try {
    return readJson(path);
  } catch {
    return { cpuMs: Number.NaN, peakBytes: Number.NaN }; // It was killed, and wrote nothing.
  }
}
