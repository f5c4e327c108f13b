// One direction of one connection through the fault proxy: bytes wait here for as long as the toxics say.
//
// open -> [the sender's end] -> ending: what waits goes first, then the end, late by `slowClose`
//      -> [swallowed] -> everything that comes is thrown away, its end too: the receiver hears nothing, ever again
//      -> [cut] -> closed at once

import type { Socket } from "node:net";

export type Random = () => number;

/** All of it at once; an absent toxic does nothing. Named after those of Shopify's toxiproxy. */
export interface Toxics {
  readonly latency?: { readonly ms: number; readonly jitterMs?: number };
  readonly bandwidth?: { readonly bytesPerSecond: number };
  readonly slicer?: { readonly bytes: number; readonly delayMs: number };
  readonly limitData?: { readonly bytes: number };
  readonly slowClose?: { readonly ms: number };
  /** Nothing passes, and nothing is lost. */
  readonly hold?: boolean;
  /** Swallows everything, the ends of connections too, as a cable that was pulled does. */
  readonly blackhole?: boolean;
}

/** How often what is held looks whether it may go. */
const HOLD_LOOK_MS = 20;
/** The sender is held back when so much waits. */
const MAX_WAITING_BYTES = 256 * 1024;

interface Waiting {
  /** undefined: the sender's end. */
  readonly chunk: Buffer | undefined;
  readonly dueMs: number;
}

export interface LinkOptions {
  readonly from: Socket;
  readonly to: Socket;
  readonly random: Random;
  toxics(): Toxics;
  /** `limitData` was reached. */
  onLimit(): void;
}

export class Link {
  private readonly waiting: Waiting[] = [];
  private waitingBytes = 0;
  private passed = 0;
  private lastDueMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private swallowing = false;

  constructor(private readonly options: LinkOptions) {
    options.from.on("data", (chunk: Buffer) => this.take(chunk));
    options.from.on("end", () => this.put(undefined, this.options.toxics().slowClose?.ms ?? 0));
  }

  get isSwallowing(): boolean {
    return this.swallowing;
  }

  /** From now on nothing passes, whatever the toxics say. */
  swallow(): void {
    this.swallowing = true;
    this.waiting.length = 0;
  }

  cut(): void {
    clearTimeout(this.timer);
    this.swallow();
  }

  private take(chunk: Buffer): void {
    const { limitData, slicer } = this.options.toxics();
    const allowed = limitData ? Math.max(0, limitData.bytes - this.passed) : chunk.length;
    const passing = chunk.subarray(0, allowed);
    this.passed += passing.length;
    const size = slicer?.bytes ?? passing.length;
    for (let at = 0; at < passing.length; at += size)
      this.put(passing.subarray(at, at + size), at === 0 ? 0 : (slicer?.delayMs ?? 0));
    if (allowed < chunk.length) this.options.onLimit();
  }

  private put(chunk: Buffer | undefined, extraMs: number): void {
    const { latency, bandwidth, blackhole } = this.options.toxics();
    // What passed into a hole leaves a gap in the stream: this direction is dead even when the hole is gone.
    if (blackhole) this.swallowing = true;
    if (this.swallowing) return;
    const now = performance.now();
    const lateMs = (latency?.ms ?? 0) + (2 * this.options.random() - 1) * (latency?.jitterMs ?? 0);
    const sendingMs = bandwidth && chunk ? (chunk.length / bandwidth.bytesPerSecond) * 1000 : 0;
    const dueMs = Math.max(now + Math.max(0, lateMs), this.lastDueMs) + sendingMs + extraMs;
    this.lastDueMs = dueMs;
    this.waiting.push({ chunk, dueMs });
    this.waitingBytes += chunk?.length ?? 0;
    if (this.waitingBytes > MAX_WAITING_BYTES) this.options.from.pause();
    if (this.waiting.length === 1) this.pump();
  }

  private pump(): void {
    for (let first = this.waiting[0]; first; first = this.waiting[0]) {
      const waitMs = this.options.toxics().hold ? HOLD_LOOK_MS : first.dueMs - performance.now();
      if (waitMs > 0.5) {
        this.timer = setTimeout(() => this.pump(), waitMs);
        return;
      }
      this.waiting.shift();
      this.waitingBytes -= first.chunk?.length ?? 0;
      this.hand(first.chunk);
    }
    if (this.waitingBytes <= MAX_WAITING_BYTES / 2) this.options.from.resume();
  }

  private hand(chunk: Buffer | undefined): void {
    const { from, to } = this.options;
    if (to.destroyed || to.writableEnded) return;
    if (chunk === undefined) to.end();
    else if (!to.write(chunk)) {
      from.pause();
      to.once("drain", () => from.resume());
    }
  }
}
