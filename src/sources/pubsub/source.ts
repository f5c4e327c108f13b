// The Pub/Sub source: what arrives is offered to the engine, what the engine settles is acknowledged.
//
// A message: received -> [no room] buffered -> offered -> settled -> acknowledging -> confirmed | given up
// The source: running -> (abort, failure) stopped: nothing is read, the buffer is given back, leases of what the
// engine has go on -> (close) flushed and freed.
//
// Bounds: received and not confirmed <= maxMessages, bytes not settled <= maxBytes. They are what the server is
// told as flow control; a server that ignores it is stopped by not reading, so at most one response is over.
// Nothing is given back because a destination is down: that would use up delivery attempts.

import { sleep } from "../../engine/clock.ts";
import type { Intake, RunContext, Settlement, Source } from "../../engine/contracts.ts";
import type { AckBatches } from "./acks.ts";
import type { ConnectPull } from "./client.ts";
import type { PubSubSourceConfig } from "./config.ts";
import { DeliveredIds } from "./delivered-ids.ts";
import { HeldMessage, type Lease } from "./held-message.ts";
import type { Leases } from "./leases.ts";
import { messageRequests } from "./message-requests.ts";
import { Offers } from "./offers.ts";
import { PullStream } from "./stream.ts";
import { Watchdog } from "./watchdog.ts";
import type { ReceivedMessage } from "./wire.ts";

export class PubSubSource implements Source {
  readonly redelivers = true;
  private readonly leases: Leases;
  private readonly acks: AckBatches;
  private readonly nacks: AckBatches;
  private readonly stream: PullStream;
  private readonly watchdog: Watchdog;
  private readonly delivered: DeliveredIds;
  private offers: Offers | undefined;
  private readonly ending = new AbortController();
  private failure: { readonly error: unknown } | undefined;
  private stopped = false;

  constructor(
    private readonly config: PubSubSourceConfig,
    private readonly context: RunContext,
    connect: ConnectPull,
  ) {
    this.delivered = new DeliveredIds(config.rememberAcked);
    this.watchdog = this.createWatchdog();
    this.stream = this.createStream(connect);
    const { acks, nacks, leases } = messageRequests({
      config,
      context,
      watchdog: this.watchdog,
      client: () => this.stream.client,
      released: () => {
        this.steer();
        this.gauges();
      },
    });
    this.acks = acks;
    this.nacks = nacks;
    this.leases = leases;
  }

  async run(intake: Intake, signal: AbortSignal): Promise<void> {
    this.offers = new Offers({
      intake,
      skip: (message) => this.letGoIfLapsed(message),
      failed: (error) => {
        this.failure ??= { error };
        this.ending.abort();
      },
    });
    const end = () => {
      this.stop();
      this.ending.abort();
    };
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    this.context.gauge("source_open", 0);
    this.leases.start();
    this.watchdog.start();
    try {
      await this.stream.run(this.ending.signal);
    } finally {
      signal.removeEventListener("abort", end);
      this.stop();
    }
    if (this.failure) throw this.failure.error;
  }

  async close(): Promise<void> {
    this.stop();
    for (const message of [...this.leases.all()]) this.giveBack(message);
    this.leases.stop();
    this.watchdog.stop();
    const enough = new AbortController();
    const drained = Promise.all([this.acks.drained(), this.nacks.drained()]).then(() => enough.abort());
    await sleep(this.context.clock, this.config.closeMs, enough.signal);
    const unconfirmed = this.acks.abandon();
    this.nacks.abandon();
    await drained;
    this.stream.close();
    this.gauges();
    if (unconfirmed === 0) return;
    this.context.count("source_ack_failures_total", unconfirmed, { code: "CLOSED" });
    const { subscription } = this.config;
    this.context.log.warn(
      { subscription, messages: unconfirmed },
      "stopped before these acknowledgements were confirmed; the messages may come again",
    );
  }

  settle(message: HeldMessage, how: Settlement): void {
    if (how === "ack") this.acknowledge(message);
    else this.giveBack(message);
  }

  private acknowledge(message: HeldMessage): void {
    if (!this.leases.remove(message)) return;
    this.delivered.add(message.id);
    this.acks.add(message.ackId, message.leaseUntilMs);
    this.steer();
  }

  private giveBack(message: HeldMessage): void {
    if (!this.leases.remove(message)) return;
    if (!message.lapsed) this.nacks.add(message.ackId, message.leaseUntilMs);
    this.steer();
  }

  private stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    for (const message of this.offers?.stop() ?? []) this.giveBack(message);
    this.nacks.flush();
  }

  private receive(list: readonly ReceivedMessage[]): void {
    const { context } = this;
    const { clock } = context;
    const receivedAtMs = clock.nowMs();
    const lease = { receivedAtMs, leaseUntilMs: this.leases.untilMs(receivedAtMs) };
    let bytes = 0;
    let again = 0;
    for (const received of list) {
      const message = new HeldMessage(received, lease, this);
      bytes += message.bytes;
      const seen = this.seenBefore(message, lease);
      if (seen || message.attempt > 1) again += 1;
      if (!seen) this.take(message);
    }
    this.steer();
    context.count("source_messages_received_total", list.length);
    context.count("source_bytes_received_total", bytes);
    if (again > 0) context.count("source_redeliveries_total", again);
    context.gauge("source_last_receive_timestamp_seconds", clock.wallMs() / 1_000);
    this.gauges();
  }

  private take(message: HeldMessage): void {
    this.leases.add(message);
    if (this.stopped || !this.offers) this.giveBack(message);
    else this.offers.take(message);
  }

  /** A redelivery is dealt with here: of something in hand, or of something whose acknowledgement was lost. */
  private seenBefore(message: HeldMessage, lease: Lease): boolean {
    const held = this.leases.get(message.id);
    if (held) {
      this.leases.renew(held, message.ackId, lease.receivedAtMs);
      return true;
    }
    if (!this.delivered.has(message.id)) return false;
    this.acks.add(message.ackId, lease.leaseUntilMs);
    this.context.count("source_acks_remembered_total", 1);
    return true;
  }

  /** Not offered and its lease over: it comes again, so there is no point in sending this one. */
  private letGoIfLapsed(message: HeldMessage): boolean {
    if (message.leaseUntilMs > this.context.clock.nowMs()) return false;
    if (this.leases.remove(message)) this.steer();
    return true;
  }

  /** Reads on or not, by what is held. */
  private steer(): void {
    const { maxMessages, maxBytes } = this.config;
    if (this.outstanding() >= maxMessages || this.leases.bytes >= maxBytes) this.stream.pause();
    else this.stream.resume();
  }

  /** Received and not confirmed; Pub/Sub counts the same for its flow control. */
  private outstanding(): number {
    return this.leases.size + this.acks.size;
  }

  private gauges(): void {
    this.context.gauge("source_outstanding_messages", this.outstanding());
    this.context.gauge("source_outstanding_bytes", this.leases.bytes);
    const sinceMs = this.leases.oldestReceivedAtMs();
    const ageMs = sinceMs === undefined ? 0 : this.context.clock.nowMs() - sinceMs;
    this.context.gauge("source_oldest_outstanding_age_seconds", ageMs / 1_000);
  }

  private createWatchdog(): Watchdog {
    return new Watchdog({
      clock: this.context.clock,
      log: this.context.log,
      subscription: this.config.subscription,
      outstanding: () => this.outstanding(),
      looked: () => this.gauges(),
    });
  }

  private createStream(connect: ConnectPull): PullStream {
    const { config, context } = this;
    return new PullStream({
      connect,
      first: {
        streamAckDeadlineSeconds: config.ackDeadlineSeconds,
        maxOutstandingMessages: config.maxMessages,
        maxOutstandingBytes: config.maxBytes,
        // The same for all streams of this source, so that the service can hand over state between them.
        clientId: `sluice-${Math.floor(context.random() * 2 ** 48).toString(16)}`,
      },
      subscription: config.subscription,
      keepaliveMs: config.keepaliveMs,
      idleRecycleMs: config.idleRecycleMs,
      rebuilds: config.rebuilds,
      maxRetryMs: config.maxRetryMs,
      clock: context.clock,
      random: context.random,
      log: context.log,
      count: (metric, n, labels) => context.count(metric, n, labels),
      onOpen: (isOpen) => context.gauge("source_open", isOpen ? 1 : 0),
      onMessages: (list) => this.receive(list),
    });
  }
}
