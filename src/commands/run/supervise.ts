// `sluice run --workers n`: n processes of this program that run the same pipelines, and one that starts them, keeps
// their rates, adds up their metrics, and stops them. It moves no events itself.

import { fork } from "node:child_process";
import { availableParallelism } from "node:os";

import { realOutside } from "../../config/outside.ts";
import { systemClock } from "../../engine/clock.ts";
import type { Logger } from "../../engine/contracts.ts";
import { RateTable } from "../../rates/rate-table.ts";
import type { FromWorker } from "../../workers/messages.ts";
import { Supervisor } from "../../workers/supervisor.ts";
import type { Spawn, WorkerSlot } from "../../workers/worker-slot.ts";
import { exitCode, type ExitCode, UsageError } from "../exit-code.ts";
import { loadOrExplain } from "../load.ts";
import { createLog } from "../logger.ts";
import { metricsAddress } from "../operator-port.ts";
import { namedPipelines, refuseSameNames } from "../pipeline-files.ts";
import { rateSettings } from "../rate-options.ts";
import type { RunOptions } from "../run.ts";
import { onStopSignal } from "../signals.ts";
import { whyAlone } from "./beside-others.ts";
import { openGroupPort } from "./group-port.ts";

export const MOST_WORKERS = 32;

/** Everything that is wrong with the command line or a definition is told here, once; nothing is started then. */
export async function supervise(given: readonly string[], options: RunOptions): Promise<ExitCode> {
  const workers = workerCount(options.workers, availableParallelism());
  if (options.console !== undefined)
    throw new UsageError(
      "--console shows one process, and --workers are several: leave one of them out. sluice top --pid shows a worker, --metrics all of them; sluice destinations and sluice flags reach every worker",
    );
  rateSettings(options, process.env);
  const address = metricsAddress(options);
  const { files } = await namedPipelines(given, realOutside(process.env));
  const pipelines = await loadOrExplain(files);
  if (!pipelines) return exitCode.invalidInput;
  if (pipelines.length === 0) throw new UsageError(`there is no pipeline in ${given.join(", ")}`);
  refuseSameNames(pipelines);
  const reasons = pipelines.flatMap((pipeline) => whyAlone(pipeline) ?? []);
  if (reasons.length > 0) throw new UsageError(reasons.map((why) => `--workers: ${why}.`).join("\n"));
  const scrubbers = pipelines.map(({ scrubber }) => scrubber);
  const log = await createLog({ level: options.logLevel, pretty: process.stderr.isTTY, scrubbers });
  const table = new RateTable();
  const supervisor = new Supervisor(workers, {
    clock: systemClock,
    log,
    spawn: spawnOf(workers),
    said: (slot, message) => {
      keepRates(table, slot, message);
      port.said(slot, message);
    },
    ended: (slot) => port.ended(slot),
  });
  const port = await openGroupPort({ supervisor, address, log });
  const release = obeySignals(supervisor, log);
  log.info({ workers }, "starting workers");
  supervisor.start();
  try {
    return (await supervisor.done) as ExitCode; // Workers are this program.
  } finally {
    await port.close();
    release();
  }
}

/** Throws UsageError. */
export function workerCount(text: string | undefined, cores: number): number {
  const count = text === "auto" ? Math.min(MOST_WORKERS, cores) : Number(text || Number.NaN);
  if (!(Number.isInteger(count) && count >= 1 && count <= MOST_WORKERS))
    throw new UsageError(`--workers takes auto, or a whole number from 1 to ${MOST_WORKERS}, not ${text}`);
  return count;
}

function keepRates(table: RateTable, slot: WorkerSlot, message: FromWorker): void {
  const now = systemClock.nowMs();
  if (message.kind === "ask")
    slot.send({ kind: "answer", id: message.id, answer: table.ask(message.ask, now) });
  else if (message.kind === "alive") table.alive(message.keys, now);
}

function obeySignals(supervisor: Supervisor, log: Logger): () => void {
  const reload = () => supervisor.reload();
  // On a terminal it says that the terminal is gone, and ends us as ever; the workers notice.
  if (!process.stdin.isTTY) process.on("SIGHUP", reload);
  const release = onStopSignal(
    (signal) => {
      log.info({ signal }, "stopping: the workers drain what is in flight");
      supervisor.stop();
    },
    () => supervisor.kill(),
  );
  return () => {
    process.off("SIGHUP", reload);
    release();
  };
}

/** The same command in a process of its own, and a group of its own: Ctrl-C is for the supervisor alone. */
function spawnOf(workers: number): Spawn {
  const [, program = "", ...args] = process.argv;
  return (number, hooks) => {
    const child = fork(program, args, {
      env: { ...process.env, SLUICE_WORKER: `${number}/${workers}` },
      serialization: "advanced",
      detached: true,
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    child.on("message", (message) => hooks.said(message as FromWorker)); // Of this program.
    child.once("close", (code, signal) => hooks.ended(code, signal));
    child.on("error", (error) => {
      // It never began; what else fails ends with its process.
      if (child.pid === undefined) hooks.ended(null, error.message);
    });
    return {
      pid: child.pid,
      send: (message) => {
        // A failure means that it is ending, which is told by itself.
        if (child.connected) child.send(message, () => {});
      },
      kill: (signal) => void child.kill(signal),
    };
  };
}
