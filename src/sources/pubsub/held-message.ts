// One Pub/Sub message in our hands: the record that the engine settles, and its lease.

import type { Settlement, SourceRecord } from "../../engine/contracts.ts";
import type { ReceivedMessage } from "./wire.ts";

export interface Settler {
  settle(message: HeldMessage, how: Settlement): void;
}

export interface Lease {
  readonly receivedAtMs: number;
  readonly leaseUntilMs: number;
}

/** The ordering key is not passed on: order is not kept. */
export class HeldMessage implements SourceRecord {
  readonly id: string;
  readonly body: Uint8Array;
  readonly attributes: Readonly<Record<string, string>>;
  readonly publishedAtMs: number;
  readonly attempt: number;
  readonly writerSchema = undefined;
  /** Of body and attributes: what this message counts against `maxBytes`. */
  readonly bytes: number;
  /** The newest one: a redelivery brings another. */
  ackId: string;
  /** Monotonic ms. */
  readonly receivedAtMs: number;
  leaseUntilMs: number;
  lapsed = false;

  constructor(
    received: ReceivedMessage,
    lease: Lease,
    private readonly settler: Settler,
  ) {
    this.id = received.id;
    this.body = received.body;
    this.attributes = received.attributes;
    this.publishedAtMs = received.publishedAtMs;
    this.attempt = received.attempt || 1;
    this.bytes = received.body.byteLength + received.attributeBytes;
    this.ackId = received.ackId;
    this.receivedAtMs = lease.receivedAtMs;
    this.leaseUntilMs = lease.leaseUntilMs;
  }

  settle(how: Settlement): void {
    this.settler.settle(this, how);
  }
}
