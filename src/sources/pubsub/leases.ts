// The lease of every message we hold, buffered ones included.
//
// leased -> [half of the deadline gone] -> extended, as often as needed
//        -> [older than maxHoldMs] -> no longer extended
//        -> [deadline passed: extensions failed, too old, or the process stood still] -> lapsed, counted once
// A lapsed message may come again; if it does while we still hold it, it gets the new lease (see `renew`).

import type { Clock } from "../../engine/clock.ts";
import type { HeldMessage } from "./held-message.ts";
import { ID_OVERHEAD_BYTES, MAX_REQUEST_BYTES } from "./acks.ts";
import { codeOf, ruleOf } from "./status.ts";

/** Ids in one ModifyAckDeadline request. */
export const MAX_EXTENSION_IDS = 2_500;
/** Of the deadline, how much we rely on: the server's clock started when it sent the message. */
const TRUSTED_PART = 0.9;
/** Wait after a failed extension. */
const RETRY_MS = 2_000;

export interface LeasesOptions {
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly maxHoldMs: number;
  extend(ackIds: string[]): Promise<void>;
  extended(n: number): void;
  expired(n: number): void;
  /** An extension failed with this status. */
  failed(code: string): void;
}

export class Leases {
  private readonly held = new Map<string, HeldMessage>();
  private heldBytes = 0;
  private cancelTick: (() => void) | undefined;
  private stopped = true;

  constructor(private readonly options: LeasesOptions) {}

  get size(): number {
    return this.held.size;
  }

  get bytes(): number {
    return this.heldBytes;
  }

  get(id: string): HeldMessage | undefined {
    return this.held.get(id);
  }

  all(): Iterable<HeldMessage> {
    return this.held.values();
  }

  /** Monotonic ms; undefined: nothing is held. */
  oldestReceivedAtMs(): number | undefined {
    for (const message of this.held.values()) return message.receivedAtMs;
    return undefined;
  }

  add(message: HeldMessage): void {
    this.held.set(message.id, message);
    this.heldBytes += message.bytes;
  }

  /** False when it was not held (any more). */
  remove(message: HeldMessage): boolean {
    if (!this.held.delete(message.id)) return false;
    this.noteLapse(message, this.options.clock.nowMs());
    this.heldBytes -= message.bytes;
    return true;
  }

  /** When a lease that starts now ends. */
  untilMs(nowMs: number): number {
    return nowMs + this.options.deadlineMs * TRUSTED_PART;
  }

  renew(message: HeldMessage, ackId: string, nowMs: number): void {
    this.noteLapse(message, nowMs);
    message.ackId = ackId;
    message.leaseUntilMs = this.untilMs(nowMs);
    message.lapsed = false;
  }

  start(): void {
    this.stopped = false;
    this.schedule(this.options.deadlineMs / 4);
  }

  stop(): void {
    this.stopped = true;
    this.cancelTick?.();
    this.cancelTick = undefined;
  }

  /** A process that stood still settles what came in meanwhile before its next look at the leases. */
  private noteLapse(message: HeldMessage, nowMs: number): void {
    if (message.lapsed || message.leaseUntilMs > nowMs) return;
    message.lapsed = true;
    this.options.expired(1);
  }

  private schedule(ms: number): void {
    if (this.stopped) return;
    this.cancelTick = this.options.clock.after(ms, () => {
      this.tick().then(
        (ok) =>
          this.schedule(ok ? this.options.deadlineMs / 4 : Math.min(RETRY_MS, this.options.deadlineMs / 4)),
        // `tick` handles every failure itself.
        () => this.schedule(RETRY_MS),
      );
    });
  }

  /** One look at everything held. False when an extension failed and is to be tried again soon. */
  private async tick(): Promise<boolean> {
    const due = this.dueMessages();
    if (due.length === 0) return true;
    const results = await Promise.all(batchesOf(due).map((batch) => this.extendBatch(batch)));
    return results.every((ok) => ok);
  }

  private dueMessages(): HeldMessage[] {
    const nowMs = this.options.clock.nowMs();
    const { deadlineMs, maxHoldMs } = this.options;
    const due: HeldMessage[] = [];
    let lapsed = 0;
    for (const message of this.held.values()) {
      if (message.lapsed) continue;
      if (message.leaseUntilMs <= nowMs) {
        message.lapsed = true;
        lapsed += 1;
      } else if (message.leaseUntilMs - nowMs < deadlineMs / 2 && nowMs - message.receivedAtMs < maxHoldMs) {
        due.push(message);
      }
    }
    if (lapsed > 0) this.options.expired(lapsed);
    return due;
  }

  private async extendBatch(batch: readonly HeldMessage[]): Promise<boolean> {
    const sentAtMs = this.options.clock.nowMs();
    const ackIds = batch.map((message) => message.ackId);
    try {
      await this.options.extend(ackIds);
    } catch (error) {
      this.options.failed(ruleOf(codeOf(error) ?? 2).name);
      return false;
    }
    this.options.extended(batch.length);
    batch.forEach((message, index) => {
      if (message.ackId === ackIds[index]) message.leaseUntilMs = this.untilMs(sentAtMs);
    });
    return true;
  }
}

function batchesOf(messages: readonly HeldMessage[]): HeldMessage[][] {
  const batches: HeldMessage[][] = [];
  let batch: HeldMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = message.ackId.length + ID_OVERHEAD_BYTES;
    if (batch.length === MAX_EXTENSION_IDS || (batch.length > 0 && bytes + size > MAX_REQUEST_BYTES)) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(message);
    bytes += size;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
