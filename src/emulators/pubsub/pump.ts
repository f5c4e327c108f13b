// Hands the messages of one subscription to those who ask for them: streams and waiting Pull calls, competing.
//
// Work is done in one turn of the event loop after something changed (messages came, a window opened, a response
// was written), never per message. While several are ready, each gets an equal share of what waits, so that ten
// messages and two streams make five each and not ten and none.

import type { Faults } from "./faults.ts";
import type { FlowWindow } from "./flow-window.ts";
import type { PubSubLimits } from "./limits.ts";
import type { Delivery, Subscription } from "./subscription.ts";

export interface Consumer {
  readonly window: FlowWindow | undefined;
  readonly leaseMs: number;
  /** Most messages in one response. */
  readonly maxMessages: number;
  /** Whether a response could be handed over now. */
  ready(): boolean;
  /** Takes what was leased to it; never called with none. */
  send(deliveries: readonly Delivery[]): void;
}

export class Pump {
  private readonly consumers = new Set<Consumer>();
  private scheduled = false;

  constructor(
    readonly subscription: Subscription,
    private readonly limits: PubSubLimits,
    private readonly faults: Faults,
  ) {
    subscription.onChange = () => this.schedule();
  }

  get size(): number {
    return this.consumers.size;
  }

  add(consumer: Consumer): void {
    this.consumers.add(consumer);
    this.schedule();
  }

  remove(consumer: Consumer): void {
    this.consumers.delete(consumer);
  }

  schedule(): void {
    if (this.scheduled || this.consumers.size === 0) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.run();
    });
  }

  private run(): void {
    while (this.subscription.waiting > 0) {
      const ready = [...this.consumers].filter((consumer) => this.canTake(consumer));
      if (ready.length === 0) return;
      const share = Math.ceil(this.subscription.waiting / ready.length);
      for (const consumer of ready) this.serve(consumer, share);
    }
  }

  private canTake(consumer: Consumer): boolean {
    return consumer.ready() && (this.isUnbounded(consumer) || (consumer.window?.roomMessages ?? 1) > 0);
  }

  private serve(consumer: Consumer, share: number): void {
    const { responseMessages, responseBytes } = this.limits;
    const window = this.isUnbounded(consumer) ? undefined : consumer.window;
    const deliveries = this.subscription.take({
      maxMessages: Math.min(share, responseMessages, consumer.maxMessages, window?.roomMessages ?? Infinity),
      maxBytes: Math.min(responseBytes, window?.roomBytes ?? Infinity),
      leaseMs: consumer.leaseMs,
      window: consumer.window,
    });
    if (deliveries.length === 0) return;
    // Round robin: whoever was served goes to the end.
    if (this.consumers.delete(consumer)) this.consumers.add(consumer);
    consumer.send(deliveries);
  }

  private isUnbounded({ window }: Consumer): boolean {
    return window === undefined || this.faults.streams.ignoreFlowControl === true;
  }
}
