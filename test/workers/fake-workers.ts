// Workers that do what a test says, in place of processes.

import { VirtualClock } from "../../src/engine/virtual-clock.ts";
import type { FromWorker, Look, ToWorker } from "../../src/workers/messages.ts";
import { Supervisor } from "../../src/workers/supervisor.ts";
import type { Spawn, WorkerHooks, WorkerSlot } from "../../src/workers/worker-slot.ts";
import { recordingLog } from "../support/context.ts";

export interface Life {
  readonly number: number;
  readonly startedAtMs: number;
  readonly told: ToWorker[];
  readonly signals: string[];
  readonly hooks: WorkerHooks;
}

export class FakeWorkers {
  readonly clock = new VirtualClock();
  readonly log = recordingLog();
  readonly lives: Life[] = [];
  readonly said: [number, FromWorker][] = [];
  readonly supervisor: Supervisor;
  exitCode: number | undefined;

  constructor(workers: number) {
    const spawn: Spawn = (number, hooks) => {
      const life: Life = { number, hooks, startedAtMs: this.clock.nowMs(), told: [], signals: [] };
      this.lives.push(life);
      return {
        pid: 1_000 + this.lives.length,
        send: (message) => life.told.push(message),
        kill: (signal) => life.signals.push(signal),
      };
    };
    const said = ({ number }: WorkerSlot, message: FromWorker) => void this.said.push([number, message]);
    this.supervisor = new Supervisor(workers, {
      clock: this.clock,
      log: this.log,
      spawn,
      said,
      ended: () => {},
    });
    void this.supervisor.done.then((code) => {
      this.exitCode = code;
    });
  }

  /** The newest life of a worker. */
  life(number: number): Life {
    return this.lives.findLast((life) => life.number === number)!;
  }

  run(...numbers: number[]): void {
    for (const number of numbers) this.life(number).hooks.said({ kind: "running" });
  }

  end(number: number, code: number | null, signal: string | null = null): void {
    this.life(number).hooks.ended(code, signal);
  }
}

export function lookOf({ live = true, ready = true, reasons = [] as readonly string[] } = {}): Look {
  const verdict = (ok: boolean) => ({ ok, status: ok ? "yes" : "no", reasons });
  return {
    health: { startup: verdict(true), live: verdict(live), ready: verdict(ready) },
    metrics: undefined,
  };
}
