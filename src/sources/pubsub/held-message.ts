// One Pub/Sub message in our hands: the record that the engine settles, and its lease.

import type { Settlement, SourceRecord } from "../../engine/contracts.ts";
import type { ReceivedMessage } from "./client.ts";

export interface Settler {
  settle(message: HeldMessage, how: Settlement): void;
}

export interface Lease {
  readonly receivedAtMs: number;
  readonly leaseUntilMs: number;
}

interface Timestamp {
  readonly seconds?: number | string | { readonly high: number; readonly low: number } | null;
  readonly nanos?: number | null;
}

const noBytes = new Uint8Array(0);

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
    const message = received.message;
    this.id = message?.messageId ?? "";
    this.body = ownBytes(message?.data);
    this.attributes = message?.attributes ?? {};
    this.publishedAtMs = unixMs(message?.publishTime);
    this.attempt = received.deliveryAttempt || 1;
    this.bytes = this.body.byteLength + attributeBytes(this.attributes);
    this.ackId = received.ackId ?? "";
    this.receivedAtMs = lease.receivedAtMs;
    this.leaseUntilMs = lease.leaseUntilMs;
  }

  settle(how: Settlement): void {
    this.settler.settle(this, how);
  }
}

/** A body is a window on its whole response; one message held for hours must not hold a thousand others. */
function ownBytes(data: Uint8Array | string | null | undefined): Uint8Array {
  if (data === null || data === undefined) return noBytes;
  if (typeof data === "string") return Buffer.from(data, "base64");
  return data.buffer.byteLength > 2 * data.byteLength ? Buffer.from(data) : data;
}

function attributeBytes(attributes: Readonly<Record<string, string>>): number {
  let bytes = 0;
  for (const name in attributes) bytes += name.length + (attributes[name]?.length ?? 0);
  return bytes;
}

/** protobufjs gives 64-bit seconds as two halves, a number or a text, as it was built. */
function unixMs(time: Timestamp | null | undefined): number {
  if (!time) return 0;
  const { seconds, nanos } = time;
  const whole =
    typeof seconds === "object" && seconds !== null
      ? seconds.high * 2 ** 32 + (seconds.low >>> 0)
      : Number(seconds ?? 0);
  return whole * 1_000 + Math.floor((nanos ?? 0) / 1_000_000);
}
