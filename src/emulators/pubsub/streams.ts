// The open streams of the server, and the one pump of each subscription.

import type { Clock } from "../../engine/clock.ts";
import type { Faults } from "./faults.ts";
import type { PubSubLimits } from "./limits.ts";
import { Pump } from "./pump.ts";
import { idOf } from "./resource-names.ts";
import { isDetached, notFound, RpcError, type StatusName } from "./rpc-error.ts";
import type { PubSubStore } from "./store.ts";
import { StreamingPull, type StreamingPullCall, type StreamWorld } from "./streaming-pull.ts";
import type { Subscription } from "./subscription.ts";

interface StreamsWorld {
  readonly clock: Clock;
  readonly limits: PubSubLimits;
  readonly faults: Faults;
  readonly store: PubSubStore;
}

export class Streams implements StreamWorld {
  readonly clock: Clock;
  readonly limits: PubSubLimits;
  readonly faults: Faults;
  private readonly store: PubSubStore;
  private readonly pumps = new WeakMap<Subscription, Pump>();
  private readonly open = new Set<StreamingPull>();
  private readonly forgetFaults: () => void;

  constructor({ clock, limits, faults, store }: StreamsWorld) {
    this.clock = clock;
    this.limits = limits;
    this.faults = faults;
    this.store = store;
    // A silent stream must wake when it may speak again.
    this.forgetFaults = faults.onStreamsChanged(() => {
      for (const stream of this.open) if (stream.subscription) this.pumpFor(stream.subscription).schedule();
    });
  }

  start(call: StreamingPullCall): void {
    new StreamingPull(call, this);
  }

  onOpen(stream: StreamingPull): void {
    this.open.add(stream);
  }

  onEnd(stream: StreamingPull): void {
    this.open.delete(stream);
    if (this.faults.streams.releaseOnEnd && stream.window) stream.subscription?.release(stream.window);
  }

  pumpOf(name: string): Pump {
    return this.pumpFor(this.store.subscription(name));
  }

  countOf(subscription: Subscription): number {
    let count = 0;
    for (const stream of this.open) if (stream.subscription === subscription) count++;
    return count;
  }

  /** Ends every open stream, or those of one subscription, with a status. Yields how many. */
  end(
    statusName: StatusName,
    { subscription, message }: { subscription?: string; message?: string } = {},
  ): number {
    const error = new RpcError(statusName, message ?? "Stream ended by a scripted fault.");
    let ended = 0;
    for (const stream of [...this.open]) {
      if (subscription !== undefined && stream.subscription?.settings.name !== subscription) continue;
      stream.end(error);
      ended++;
    }
    return ended;
  }

  gone(subscription: string): void {
    const { details } = notFound(idOf(subscription));
    this.end("NOT_FOUND", { subscription, message: details });
  }

  detached(subscription: string): void {
    const { statusName, details } = isDetached(subscription);
    this.end(statusName, { subscription, message: details });
  }

  close(): void {
    this.forgetFaults();
    this.end("UNAVAILABLE", { message: "The local Pub/Sub is shutting down." });
  }

  private pumpFor(subscription: Subscription): Pump {
    const known = this.pumps.get(subscription);
    if (known) return known;
    const pump = new Pump(subscription, this.limits, this.faults);
    this.pumps.set(subscription, pump);
    return pump;
  }
}
