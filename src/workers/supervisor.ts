// Several workers that do the same, as one: started together, stopped together, with one exit code.
//
//   running --(stop)--> stopping --(the last one ended)--> done
//      └──(a worker is beaten, and none is well)──────────────┘
//
// A definition that no worker ever ran with is wrong: exit code 2 passes through at once. Later it may be one that was
// changed on the disk, and those that run go on with theirs.

import type { Clock } from "../engine/clock.ts";
import type { Logger } from "../engine/contracts.ts";
import type { FromWorker } from "./messages.ts";
import { MOST_REFUSALS, type SlotState, type Spawn, WorkerSlot } from "./worker-slot.ts";

export interface SupervisorWorld {
  readonly clock: Clock;
  readonly log: Logger;
  readonly spawn: Spawn;
  /** Not what is about the worker's state. */
  readonly said: (slot: WorkerSlot, message: FromWorker) => void;
  /** A life is over, after its last message. */
  readonly ended: (slot: WorkerSlot) => void;
}

/** What `sluice run` ends with: 1 failed, 2 invalid, 3 gave work back, 0 done. The first is the worst. */
const worstFirst = [1, 2, 3, 0];
const FAILED = 1;
const INVALID = 2;
const GAVE_BACK = 3;

export class Supervisor {
  readonly slots: readonly WorkerSlot[];
  /** The exit code. */
  readonly done: Promise<number>;
  private resolveDone: (code: number) => void = () => {};
  private readonly codes: number[] = [];
  private stopping = false;

  constructor(
    workers: number,
    private readonly world: SupervisorWorld,
  ) {
    this.done = new Promise((resolve) => {
      this.resolveDone = resolve;
    });
    const { clock, log, spawn, said } = world;
    const ended = (slot: WorkerSlot, code: number | null) => this.ended(slot, code);
    this.slots = Array.from(
      { length: workers },
      (_, i) => new WorkerSlot(i + 1, { clock, log, spawn, said, ended }),
    );
  }

  get isStopping(): boolean {
    return this.stopping;
  }

  start(): void {
    for (const slot of this.slots) slot.start();
  }

  stop(): void {
    if (this.stopping) return;
    this.stopping = true;
    for (const slot of this.slots) slot.stop();
    this.endIfAllDid();
  }

  /** What they have in hand comes again. */
  kill(): void {
    for (const slot of this.slots) slot.kill();
  }

  reload(): void {
    for (const slot of this.slots) slot.reload();
  }

  count(state: SlotState): number {
    return this.slots.filter((slot) => slot.state === state).length;
  }

  private ended(slot: WorkerSlot, code: number | null): void {
    this.world.ended(slot);
    if (this.stopping) {
      this.codes.push(codeOf(code));
      this.endIfAllDid();
    } else if (code === INVALID && !this.slots.some(({ everRan }) => everRan)) {
      this.giveUp(slot, INVALID);
    } else if (slot.refusals >= MOST_REFUSALS && !this.slots.some(({ isWell }) => isWell)) {
      this.giveUp(slot, FAILED);
    }
  }

  private giveUp({ number, refusals }: WorkerSlot, code: number): void {
    this.world.log.error({ worker: number, failures: refusals }, "the workers cannot run; stopping");
    this.codes.push(code);
    this.stop();
  }

  private endIfAllDid(): void {
    if (this.slots.some(({ state }) => state !== "ended")) return;
    this.resolveDone(worstFirst.find((code) => this.codes.includes(code)) ?? 0);
  }
}

/** Killed while it drained: what it had in hand comes again. */
function codeOf(code: number | null): number {
  if (code === null) return GAVE_BACK;
  return worstFirst.includes(code) ? code : FAILED;
}
