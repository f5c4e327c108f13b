// One subscription: where each of its messages is.
//
//   waiting ──take──▶ leased ──ack──────────────────────────────▶ gone (or retained for Seek)
//      ▲                │
//      │                ├─ nack (deadline set to 0), or the lease ran out:
//      │                │    attempts used up and a dead-letter topic takes it ──▶ dead-lettered, gone
//      │                │    a retry policy ──▶ backing off ──its time comes──▶ waiting
//      └────────────────┴─── otherwise ─────────────────────────────────────────▶ waiting
//
// An ack or a new deadline for a lease that has run out does nothing ("the message may be redelivered"), and is
// counted. Every delivery has an ack id of its own. What was delivered before goes out ahead of what was not.
// Order by ordering key is not enforced: keys are passed through.

import type { Clock } from "../../engine/clock.ts";
import { Bucketed, DeadlineBuckets } from "./deadline-buckets.ts";
import { Deque } from "./deque.ts";
import type { FlowWindow } from "./flow-window.ts";
import type { PubSubLimits } from "./limits.ts";
import type { StoredMessage } from "./message.ts";
import { RetainedMessages } from "./retained-messages.ts";
import { backoffMs, maxDeliveryAttempts } from "./subscription-settings.ts";
import type { SubscriptionResource } from "./resources.ts";
import { invalid } from "./rpc-error.ts";
import { SubscriptionTally } from "./subscription-tally.ts";

/** One message of one subscription, for as long as it is not done with. */
export class Delivery extends Bucketed {
  /** How often it was handed out: 1 while its first lease lasts. */
  attempt = 0;
  ackNumber = 0;
  window: FlowWindow | undefined;

  constructor(readonly message: StoredMessage) {
    super();
  }
}

export interface SubscriptionWorld {
  readonly clock: Clock;
  readonly limits: PubSubLimits;
  /** Makes ack ids of this subscription unlike those of any other, or of a former run. */
  readonly key: string;
  /** Publishes to the dead-letter topic; false when that is not possible, then the message stays. */
  deadLetter(from: Subscription, delivery: Delivery): boolean;
  /** How often each message is handed out as if published so often; 1 is normal. */
  copies(): number;
}

export interface Take {
  readonly maxMessages: number;
  readonly maxBytes: number;
  readonly leaseMs: number;
  readonly window?: FlowWindow | undefined;
}

export class Subscription {
  /** Called when messages came to be waiting, or a flow window opened. Set by the pump. */
  onChange: () => void = () => {};
  readonly tally: SubscriptionTally;
  readonly retained: RetainedMessages;

  private readonly fresh = new Deque<Delivery>();
  private readonly returned = new Deque<Delivery>();
  private readonly leased = new Map<number, Delivery>();
  private readonly leases: DeadlineBuckets<Delivery>;
  private readonly backoffs: DeadlineBuckets<Delivery>;
  private held = 0;
  private lastAckNumber = 0;

  constructor(
    public settings: SubscriptionResource,
    private readonly world: SubscriptionWorld,
  ) {
    const { clock, limits } = world;
    this.tally = new SubscriptionTally(limits.rememberedIds);
    this.retained = new RetainedMessages(limits.retainedMessages, limits.retainedBytes);
    this.leases = new DeadlineBuckets(clock, limits.leaseTickMs, (due) => this.expire(due));
    this.backoffs = new DeadlineBuckets(clock, limits.leaseTickMs, (due) => this.comeBack(due));
  }

  get waiting(): number {
    return this.fresh.length + this.returned.length;
  }

  get backingOff(): number {
    return this.backoffs.size;
  }

  get outstanding(): number {
    return this.leased.size;
  }

  /** Bytes of everything not done with. */
  get bytes(): number {
    return this.held;
  }

  hasRoomFor(messages: number, bytes: number): boolean {
    const count = this.waiting + this.backingOff + this.outstanding;
    const { backlogMessages, backlogBytes } = this.world.limits;
    return count + messages <= backlogMessages && this.held + bytes <= backlogBytes;
  }

  enqueue(message: StoredMessage): void {
    this.held += message.wire.length;
    this.tally.published.add(message.id);
    this.fresh.push(new Delivery(message));
    this.onChange();
  }

  /** Leases what waits, up to both limits; the message that reaches `maxBytes` is the last. */
  take({ maxMessages, maxBytes, leaseMs, window }: Take): Delivery[] {
    const taken: Delivery[] = [];
    let bytes = 0;
    while (taken.length < maxMessages && bytes < maxBytes) {
      const delivery = this.returned.shift() ?? this.fresh.shift();
      if (!delivery) break;
      if (delivery.attempt === 0) this.addCopies(delivery);
      bytes += delivery.message.wire.length;
      this.lease(delivery, leaseMs, window);
      taken.push(delivery);
    }
    return taken;
  }

  ackIdOf(delivery: Delivery): string {
    return `${this.world.key}:${delivery.ackNumber}`;
  }

  /** Throws INVALID_ARGUMENT for what never was an ack id; one that has run out is no error. */
  acknowledge(ackId: string): void {
    const delivery = this.find(ackId);
    if (!delivery) {
      this.tally.lateAcks++;
      return;
    }
    this.tally.acked.add(delivery.message.id);
    if (this.settings.retainAckedMessages) this.retained.add(delivery.message);
    this.unlease(delivery);
    this.forget(delivery);
  }

  /** A deadline of 0 is a nack. Throws as `acknowledge` does. */
  modifyDeadline(ackId: string, deadlineMs: number): void {
    const delivery = this.find(ackId);
    if (!delivery) {
      this.tally.lateModacks++;
      return;
    }
    if (deadlineMs > 0) {
      this.tally.extensions++;
      this.leases.put(delivery, deadlineMs);
      return;
    }
    this.tally.nacks++;
    this.giveBack(delivery);
    this.onChange();
  }

  /** The leases of what was sent within this window run out now. */
  release(window: FlowWindow): void {
    this.expire([...this.leases].filter((delivery) => delivery.window === window));
  }

  /** Older messages count as acknowledged; retained ones from then on come again. */
  seek(toMs: number): void {
    const isBefore = (delivery: Delivery) => delivery.message.publishedAtMs < toMs;
    const gone = (delivery: Delivery) => {
      if (!isBefore(delivery)) return false;
      this.tally.soughtPast++;
      if (this.settings.retainAckedMessages) this.retained.add(delivery.message);
      this.forget(delivery);
      return true;
    };
    this.fresh.removeWhere(gone);
    this.returned.removeWhere(gone);
    for (const delivery of [...this.leases]) {
      if (!isBefore(delivery)) continue;
      this.unlease(delivery);
      gone(delivery);
    }
    for (const delivery of [...this.backoffs]) if (gone(delivery)) this.backoffs.remove(delivery);
    for (const message of this.retained.takeFrom(toMs)) this.enqueue(message);
  }

  /** Everything that is not done with, oldest publish first. */
  unacknowledged(): StoredMessage[] {
    const all = [...this.fresh, ...this.returned, ...this.leases, ...this.backoffs];
    return all.map(({ message }) => message).sort((a, b) => a.id - b.id);
  }

  /** For a snapshot: these come, whatever became of them, and nothing else. Leases under way end. */
  replaceAll(messages: readonly StoredMessage[]): void {
    this.clear();
    for (const message of messages) this.enqueue(message);
  }

  outstandingIds(): string[] {
    return Array.from(this.leased.values(), (delivery) => String(delivery.message.id));
  }

  /** Forgets every message and stops every timer. */
  clear(): void {
    for (const delivery of this.leased.values()) delivery.window?.release(delivery.message.wire.length);
    this.leased.clear();
    this.leases.clear();
    this.backoffs.clear();
    this.fresh.removeWhere(() => true);
    this.returned.removeWhere(() => true);
    this.held = 0;
  }

  private addCopies(delivery: Delivery): void {
    const copies = this.world.copies();
    for (let copy = 1; copy < copies; copy++) {
      const again = new Delivery(delivery.message);
      // Not 0, so that a copy is not copied again; the service, too, calls a redelivery's attempt 1 or more.
      again.attempt = 1;
      this.held += delivery.message.wire.length;
      this.tally.copies++;
      this.returned.push(again);
    }
  }

  private lease(delivery: Delivery, leaseMs: number, window: FlowWindow | undefined): void {
    this.tally.deliveries++;
    if (++delivery.attempt > 1) this.tally.redeliveries++;
    delivery.ackNumber = ++this.lastAckNumber;
    delivery.window = window;
    window?.hold(delivery.message.wire.length);
    this.leased.set(delivery.ackNumber, delivery);
    this.leases.put(delivery, leaseMs);
  }

  private unlease(delivery: Delivery): void {
    this.leased.delete(delivery.ackNumber);
    this.leases.remove(delivery);
    const window = delivery.window;
    delivery.window = undefined;
    if (!window) return;
    const wasFull = window.roomMessages === 0;
    window.release(delivery.message.wire.length);
    if (wasFull) this.onChange();
  }

  private expire(due: Iterable<Delivery>): void {
    for (const delivery of due) {
      this.tally.expired.add(delivery.message.id);
      this.giveBack(delivery);
    }
    this.onChange();
  }

  private giveBack(delivery: Delivery): void {
    this.unlease(delivery);
    const policy = this.settings.deadLetterPolicy;
    const usedUp = policy && delivery.attempt >= maxDeliveryAttempts(policy);
    if (usedUp && this.world.deadLetter(this, delivery)) {
      this.tally.deadLettered.add(delivery.message.id);
      this.forget(delivery);
      return;
    }
    const waitMs = backoffMs(this.settings.retryPolicy, delivery.attempt);
    if (waitMs > 0) this.backoffs.put(delivery, waitMs);
    else this.returned.push(delivery);
  }

  private comeBack(due: Iterable<Delivery>): void {
    for (const delivery of due) this.returned.push(delivery);
    this.onChange();
  }

  private forget(delivery: Delivery): void {
    this.held -= delivery.message.wire.length;
  }

  private find(ackId: string): Delivery | undefined {
    const colon = ackId.lastIndexOf(":");
    const ackNumber = colon > 0 ? Number(ackId.slice(colon + 1)) : Number.NaN;
    if (!(Number.isSafeInteger(ackNumber) && ackNumber > 0))
      throw invalid(`Invalid ack id (ack_id=${ackId.slice(0, 100)})`);
    if (colon !== this.world.key.length || !ackId.startsWith(this.world.key)) return undefined;
    return this.leased.get(ackNumber);
  }
}
