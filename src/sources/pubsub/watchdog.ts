// Looks every second for what would otherwise go unseen, and says it once per episode, not once per look.

import type { Clock } from "../../engine/clock.ts";
import type { Logger } from "../../engine/contracts.ts";

const LOOK_MS = 1_000;
/** Something is held, and nothing was confirmed for so long. */
const NO_PROGRESS_MS = 180_000;
/** A timer so late means that the process stood still; leases ran out meanwhile. */
const STALL_MS = 10_000;

export type Operation = "acknowledge" | "give back" | "extend leases";

export interface WatchdogOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly subscription: string;
  /** Messages received and not confirmed. */
  outstanding(): number;
  /** Called at every look: a chance to set what changes by itself. */
  looked(): void;
}

export class Watchdog {
  private cancel: (() => void) | undefined;
  private progressAtMs = 0;
  private warned = false;
  private readonly troubles = new Map<Operation, string>();

  constructor(private readonly options: WatchdogOptions) {}

  start(): void {
    this.progressAtMs = this.options.clock.nowMs();
    this.schedule();
  }

  stop(): void {
    this.cancel?.();
    this.cancel = undefined;
  }

  /** Acknowledgements were confirmed, or there was nothing to confirm. */
  progress(): void {
    this.progressAtMs = this.options.clock.nowMs();
    this.warned = false;
  }

  failing(operation: Operation, code: string): void {
    if (this.troubles.get(operation) === code) return;
    this.troubles.set(operation, code);
    const { log, subscription } = this.options;
    log.warn({ subscription, operation, code }, `Pub/Sub requests to ${operation} fail; trying again`);
  }

  working(operation: Operation): void {
    if (!this.troubles.delete(operation)) return;
    const { log, subscription } = this.options;
    log.info({ subscription, operation }, `Pub/Sub requests to ${operation} work again`);
  }

  private schedule(): void {
    const { clock } = this.options;
    const dueMs = clock.nowMs() + LOOK_MS;
    this.cancel = clock.after(LOOK_MS, () => {
      this.look(clock.nowMs() - dueMs);
      this.schedule();
    });
  }

  private look(lateMs: number): void {
    const { clock, log, outstanding, subscription } = this.options;
    if (lateMs >= STALL_MS)
      log.warn(
        { subscription, stoodStillMs: Math.round(lateMs) },
        "the process stood still; leases are at risk",
      );
    this.options.looked();
    const messages = outstanding();
    if (messages === 0) this.progress();
    const sinceMs = clock.nowMs() - this.progressAtMs;
    if (this.warned || sinceMs < NO_PROGRESS_MS) return;
    this.warned = true;
    log.warn(
      { subscription, messages, sinceMs: Math.round(sinceMs) },
      "messages are held and none was acknowledged for a while; see the state of the sink",
    );
  }
}
