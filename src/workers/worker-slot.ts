// One worker's place: it is started, and started again when it ends without being asked to.
//
//   starting --(it says so)--> running --(HEALTHY_MS)--> running, its failures forgotten
//       └───────────(it ends)─────┤
//                                 ├─ not asked to --> waiting (1 s, doubled with each failure to 60 s) --> starting
//                                 └─ asked to ------> ended
//
// A worker that ends by itself before it ran for long, five times in a row, is beaten: whether anybody else still works
// is for the supervisor to judge. One that is killed only waits longer each time: the next may fare better.
// Twelve looks in a row without an answer, or one that says it is stuck, and it is killed: it holds what others could do.

import type { Clock } from "../engine/clock.ts";
import type { Logger } from "../engine/contracts.ts";
import type { FromWorker, HealthReport, ToWorker } from "./messages.ts";

export interface WorkerProcess {
  readonly pid: number | undefined;
  /** Nothing happens when it is gone. */
  send(message: ToWorker): void;
  kill(signal: NodeJS.Signals): void;
}

export interface WorkerHooks {
  said(message: FromWorker): void;
  /** Once, after its last message. One of both is null. */
  ended(code: number | null, signal: string | null): void;
}

export type Spawn = (number: number, hooks: WorkerHooks) => WorkerProcess;

export type SlotState = "starting" | "running" | "waiting" | "ended";

export interface SlotWorld {
  readonly clock: Clock;
  readonly log: Logger;
  readonly spawn: Spawn;
  /** Not the ones about its state. */
  readonly said: (slot: WorkerSlot, message: FromWorker) => void;
  readonly ended: (slot: WorkerSlot, code: number | null) => void;
}

export const FIRST_WAIT_MS = 1_000;
export const LONGEST_WAIT_MS = 60_000;
/** Whoever runs for so long has started well. */
export const HEALTHY_MS = 60_000;
export const MOST_REFUSALS = 5;
export const MOST_SILENT_LOOKS = 12;

export class WorkerSlot {
  state: SlotState = "starting";
  everRan = false;
  restarts = 0;
  /** In a row: ends that were not asked for, and those of them for which it had a reason of its own. */
  private failures = 0;
  refusals = 0;
  health: HealthReport | undefined;
  private process: WorkerProcess | undefined;
  private cancel = () => {};
  private stopping = false;
  private silentLooks = 0;

  constructor(
    readonly number: number,
    private readonly world: SlotWorld,
  ) {}

  get pid(): number | undefined {
    return this.process?.pid;
  }

  /** It runs, and nothing speaks against it. */
  get isWell(): boolean {
    return this.state === "running" && this.refusals === 0;
  }

  start(): void {
    this.state = "starting";
    this.silentLooks = 0;
    const process = this.world.spawn(this.number, {
      said: (message) => this.said(message),
      ended: (code, signal) => this.ended(code, signal),
    });
    this.process = process;
  }

  /** Drains; it ends by itself. */
  stop(): void {
    this.stopping = true;
    this.cancel();
    if (this.process) this.process.send({ kind: "stop" });
    else this.state = "ended";
  }

  kill(): void {
    this.process?.kill("SIGKILL");
  }

  /** Only who runs has an ear for it; who starts reads everything anew anyway. */
  reload(): void {
    if (this.state === "running") this.process?.kill("SIGHUP");
  }

  send(message: ToWorker): void {
    this.process?.send(message);
  }

  /** To be called once for each look of the supervisor's own, however often others want one. */
  expectAnswer(): void {
    if (!this.process || this.stopping) return;
    this.silentLooks += 1;
    if (this.silentLooks <= MOST_SILENT_LOOKS) return;
    this.silentLooks = 0;
    this.world.log.error({ worker: this.number, pid: this.pid }, "a worker does not answer; it is killed");
    this.kill();
  }

  private said(message: FromWorker): void {
    if (message.kind === "running") this.runs();
    if (message.kind === "looked") this.looked(message.look?.health);
    this.world.said(this, message);
  }

  private runs(): void {
    this.state = "running";
    this.everRan = true;
    this.world.log.info({ worker: this.number, pid: this.pid }, "a worker runs");
    this.cancel = this.world.clock.after(HEALTHY_MS, () => {
      this.failures = 0;
      this.refusals = 0;
    });
  }

  private looked(health: HealthReport | undefined): void {
    this.silentLooks = 0;
    this.health = health;
    if (!health || health.live.ok || this.stopping) return;
    const { reasons } = health.live;
    this.world.log.error({ worker: this.number, pid: this.pid, reasons }, "a worker is stuck; it is killed");
    this.kill();
  }

  private ended(code: number | null, signal: string | null): void {
    const { number, pid, state } = this;
    this.cancel();
    this.process = undefined;
    this.health = undefined;
    if (this.stopping) {
      this.state = "ended";
    } else {
      if (state !== "running" || (code !== null && code !== 0)) this.refusals += 1;
      const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.failures);
      this.failures += 1;
      this.state = "waiting";
      const fields = { worker: number, pid, ...(signal === null ? { exitCode: code } : { signal }), waitMs };
      this.world.log.error(fields, "a worker ended without being asked to; it is started again");
      this.cancel = this.world.clock.after(waitMs, () => {
        this.restarts += 1;
        this.start();
      });
    }
    this.world.ended(this, code);
  }
}
