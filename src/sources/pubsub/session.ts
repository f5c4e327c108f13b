// One StreamingPull call and the client it runs on.
//
// opening -> [first response, or STABLE_MS without an end] -> stable -> ended (status) | silent | closed
// "silent" is not an end: the call goes on until the session that replaces it is stable.

import type { Clock } from "../../engine/clock.ts";
import type { PullCall, PullClient, RpcStatus } from "./client.ts";
import type { ReceivedMessage, StreamRequest } from "./wire.ts";

/** Pub/Sub does not confirm that a stream is open; one that has lived so long is. */
const STABLE_MS = 10_000;

export type SessionEnd = { readonly kind: "ended"; readonly status: RpcStatus } | { readonly kind: "silent" };

export interface SessionOptions {
  readonly client: PullClient;
  readonly clock: Clock;
  readonly first: StreamRequest;
  readonly keepaliveMs: number;
  readonly idleRecycleMs: number;
  onMessages(list: readonly ReceivedMessage[]): void;
  onStable(): void;
}

export class Session {
  readonly over: Promise<SessionEnd>;
  stable = false;
  private readonly call: PullCall;
  private paused = false;
  private closed = false;
  private lastActiveMs: number;
  private cancelStable: () => void;
  private cancelTick: () => void;
  private finish!: (end: SessionEnd) => void;

  constructor(private readonly options: SessionOptions) {
    const { clock, client, first } = options;
    this.over = new Promise((resolve) => {
      this.finish = resolve;
    });
    this.lastActiveMs = clock.nowMs();
    this.cancelStable = clock.after(STABLE_MS, () => this.becomeStable());
    this.cancelTick = clock.after(options.keepaliveMs, () => this.tick());
    this.call = client.open(first, {
      messages: (list) => this.onMessages(list),
      end: (status) => this.onEnd(status),
    });
  }

  get client(): PullClient {
    return this.options.client;
  }

  pause(): void {
    this.paused = true;
    this.call.pause();
  }

  resume(): void {
    this.paused = false;
    this.lastActiveMs = this.options.clock.nowMs();
    this.call.resume();
  }

  /** Ends the call; the client stays. */
  cancel(): void {
    if (this.closed) return;
    this.stopTimers();
    this.call.cancel();
  }

  private onMessages(list: readonly ReceivedMessage[]): void {
    this.lastActiveMs = this.options.clock.nowMs();
    this.options.onMessages(list);
    this.becomeStable();
  }

  private onEnd(status: RpcStatus): void {
    this.stopTimers();
    this.finish({ kind: "ended", status });
  }

  private becomeStable(): void {
    if (this.stable || this.closed) return;
    this.stable = true;
    this.cancelStable();
    this.options.onStable();
  }

  private tick(): void {
    this.call.keepalive();
    const { clock, idleRecycleMs, keepaliveMs } = this.options;
    const silentMs = clock.nowMs() - this.lastActiveMs;
    if (!this.paused && silentMs >= idleRecycleMs) {
      this.becomeStable();
      this.finish({ kind: "silent" });
    }
    this.cancelTick = clock.after(keepaliveMs, () => this.tick());
  }

  private stopTimers(): void {
    this.closed = true;
    this.cancelStable();
    this.cancelTick();
  }
}
