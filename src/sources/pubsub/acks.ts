// Acknowledgements (and messages given back), gathered into requests and tried again while the lease lives.
//
// gathering -> [count, size or time] -> queued -> sending -> confirmed
//                                         ^         |
//                                         |         +-> failed, lease alive, status says retry -> waiting -+
//                                         +----------------------------------------------------------------+
//                                                   +-> failed, lease over or hopeless -> given up
// Every id ends in exactly one of "confirmed" and "given up"; `finished` is called once for each.

import { fullJitterMs } from "../../engine/backoff.ts";
import type { Clock } from "../../engine/clock.ts";
import { codeOf, ruleOf } from "./status.ts";

/** A request may have 512 KiB ("Quotas and limits", Acknowledge and ModifyAckDeadline). */
export const MAX_REQUEST_BYTES = 500_000;
/** Tag and length of one id in the request. */
export const ID_OVERHEAD_BYTES = 4;
/** Requests under way at once; more wait their turn. */
const MAX_SENDING = 8;
const backoff = { baseMs: 100, maxMs: 5_000 };

export interface AckBatchesOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly count: number;
  readonly lingerMs: number;
  readonly rpcTimeoutMs: number;
  send(ackIds: string[], timeoutMs: number): Promise<void>;
  confirmed(n: number): void;
  /** One attempt failed. `lost`: how many of its ids will not be tried again. */
  failed(code: string, tried: number, lost: number): void;
  /** `n` ids are no longer anybody's concern, confirmed or not. */
  finished(n: number): void;
}

interface Batch {
  ids: string[];
  /** When the lease of each ends, monotonic ms; after that an acknowledgement is worth nothing. */
  until: number[];
  bytes: number;
  failures: number;
}

const emptyBatch = (): Batch => ({ ids: [], until: [], bytes: 0, failures: 0 });

export class AckBatches {
  private gathering = emptyBatch();
  private cancelLinger: (() => void) | undefined;
  private readonly queued: Batch[] = [];
  private readonly waiting = new Map<Batch, () => void>();
  private sending = 0;
  private unfinished = 0;
  private closed = false;
  private onIdle: (() => void) | undefined;

  constructor(private readonly options: AckBatchesOptions) {}

  /** Ids that are neither confirmed nor given up. */
  get size(): number {
    return this.unfinished;
  }

  add(ackId: string, leaseUntilMs: number): void {
    const batch = this.gathering;
    batch.ids.push(ackId);
    batch.until.push(leaseUntilMs);
    batch.bytes += ackId.length + ID_OVERHEAD_BYTES;
    this.unfinished += 1;
    if (batch.ids.length >= this.options.count || batch.bytes >= MAX_REQUEST_BYTES - 2_048) this.flush();
    else this.cancelLinger ??= this.options.clock.after(this.options.lingerMs, () => this.flush());
  }

  flush(): void {
    this.cancelLinger?.();
    this.cancelLinger = undefined;
    if (this.gathering.ids.length === 0) return;
    this.queued.push(this.gathering);
    this.gathering = emptyBatch();
    this.pump();
  }

  /** Sends everything now, the waiting ones included; resolves when all are finished, or after `abandon`. */
  drained(): Promise<void> {
    this.flush();
    for (const [batch, cancel] of [...this.waiting]) {
      cancel();
      this.waiting.delete(batch);
      this.queued.push(batch);
    }
    this.pump();
    if (this.unfinished === 0 || this.closed) return Promise.resolve();
    return new Promise((resolve) => {
      this.onIdle = resolve;
    });
  }

  /** Stops all timers and sends nothing more. Returns how many ids were left. */
  abandon(): number {
    this.closed = true;
    this.cancelLinger?.();
    for (const cancel of this.waiting.values()) cancel();
    this.waiting.clear();
    this.queued.length = 0;
    this.onIdle?.();
    return this.unfinished;
  }

  private pump(): void {
    while (!this.closed && this.sending < MAX_SENDING) {
      const batch = this.queued.shift();
      if (!batch) return;
      this.sending += 1;
      this.options.send(batch.ids, this.options.rpcTimeoutMs).then(
        () => this.succeeded(batch),
        (error: unknown) => this.retryOrGiveUp(batch, error),
      );
    }
  }

  private succeeded(batch: Batch): void {
    this.sending -= 1;
    this.options.confirmed(batch.ids.length);
    this.finish(batch.ids.length);
    this.pump();
  }

  private retryOrGiveUp(batch: Batch, error: unknown): void {
    this.sending -= 1;
    if (this.closed) return;
    const tried = batch.ids.length;
    const { name, ack } = ruleOf(codeOf(error) ?? 2);
    batch.failures += 1;
    const delayMs = fullJitterMs(batch.failures, this.options.random, backoff);
    const alive = ack === "give-up" ? emptyBatch() : stillLeased(batch, this.options.clock.nowMs() + delayMs);
    const lost = tried - alive.ids.length;
    this.options.failed(name, tried, lost);
    if (alive.ids.length > 0) this.retryLater(alive, delayMs);
    this.finish(lost);
    this.pump();
  }

  private retryLater(batch: Batch, delayMs: number): void {
    const cancel = this.options.clock.after(delayMs, () => {
      this.waiting.delete(batch);
      this.queued.push(batch);
      this.pump();
    });
    this.waiting.set(batch, cancel);
  }

  private finish(n: number): void {
    this.unfinished -= n;
    if (n > 0) this.options.finished(n);
    if (this.unfinished === 0) this.onIdle?.();
  }
}

function stillLeased(batch: Batch, atMs: number): Batch {
  const alive: Batch = { ids: [], until: [], bytes: batch.bytes, failures: batch.failures };
  batch.ids.forEach((id, index) => {
    const until = batch.until[index] ?? 0;
    if (until <= atMs) return;
    alive.ids.push(id);
    alive.until.push(until);
  });
  return alive;
}
