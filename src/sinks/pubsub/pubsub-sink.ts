// Publishing to a topic, one message per value.

import type { Client } from "@grpc/grpc-js";

import type { Batch, LaneSettings, Sink } from "../../engine/contracts.ts";
import { DataError, toError } from "../../engine/errors.ts";
import { connect } from "../../pubsub/connect.ts";
import type { PubSubSinkConfig } from "../pubsub.ts";
import { faultOf } from "./fault.ts";
import { probeTopic, publish } from "./requests.ts";

/** "Quotas and limits": a message has at most 10 MB, a publish request 10 MB and 1,000 messages. */
const MESSAGE_BYTES = 10_000_000;
/** Tags and lengths of one message and its attribute in the request, at most. */
const FRAME_BYTES = 64;
/** A publish request is answered or given up within this time. */
const PUBLISH_MS = 30_000;
const KEEPALIVE_MS = 30_000;
const KEEPALIVE_TIMEOUT_MS = 10_000;

export class PubSubSink implements Sink {
  readonly limits;
  private client: Promise<Client> | undefined;
  private closed = false;

  constructor(private readonly settings: PubSubSinkConfig) {
    this.limits = {
      count: settings.batch.count,
      bytes: settings.batch.bytes,
      itemBytes: MESSAGE_BYTES,
      envelopeBytes: settings.topic.length + FRAME_BYTES,
      separatorBytes: FRAME_BYTES,
    };
  }

  laneOf(): string {
    return this.settings.topic;
  }

  laneSettings(): LaneSettings {
    const { batch, concurrency, probeMs } = this.settings;
    const unlimited = Number.POSITIVE_INFINITY;
    return {
      rates: { events: unlimited, requests: unlimited, bytes: unlimited },
      concurrency,
      lingerMs: batch.lingerMs,
      probeMs,
    };
  }

  encode(value: unknown): string {
    let text: string | undefined;
    try {
      text = JSON.stringify(value);
    } catch (cause) {
      throw new DataError("not-json", `the value has no JSON form: ${toError(cause).message}`, { cause });
    }
    if (text === undefined) throw new DataError("not-json", `a ${typeof value} has no JSON form`);
    return text;
  }

  async write(batch: Batch, signal: AbortSignal): Promise<undefined> {
    try {
      const client = await this.connected();
      await publish(client, this.settings.topic, batch.items, { timeoutMs: PUBLISH_MS, signal });
    } catch (error) {
      throw faultOf(error, this.settings.topic);
    }
  }

  /** Asks which permissions we have; nothing is published. */
  async probe(_lane: string, signal: AbortSignal): Promise<void> {
    try {
      const client = await this.connected();
      await probeTopic(client, this.settings.topic, { timeoutMs: PUBLISH_MS, signal });
    } catch (error) {
      throw faultOf(error, this.settings.topic);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    const client = this.client;
    this.client = undefined;
    // A client that never came has nothing to close.
    if (client) await client.then((connected) => connected.close()).catch(() => {});
  }

  /** Connected at the first use; a failure (no credentials) is tried again at the next. */
  private connected(): Promise<Client> {
    if (this.closed) return Promise.reject(new Error("the sink is closed"));
    this.client ??= connect({
      endpoint: this.settings.endpoint,
      keepaliveMs: KEEPALIVE_MS,
      keepaliveTimeoutMs: KEEPALIVE_TIMEOUT_MS,
    }).catch((error: unknown) => {
      this.client = undefined;
      throw error;
    });
    return this.client;
  }
}
