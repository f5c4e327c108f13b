// The local Pub/Sub and the local Segment as processes of their own: they keep their state while the program is
// killed. Both are steered and looked into over HTTP.

import { credentials } from "@grpc/grpc-js";
import { Agent, request } from "undici";

import type { FaultScript } from "../../../src/emulators/pubsub/fault-script.ts";
import type { IdKind, IdList, SubscriptionInspection } from "../../../src/emulators/pubsub/inspection.ts";
import type { FaultRule } from "../../../src/emulators/segment/faults.ts";
import type { SegmentStats } from "../../../src/emulators/segment/workspace.ts";
import { Child } from "./child.ts";

export const TOPIC = "projects/chaos/topics/events";
export const SUBSCRIPTION = "projects/chaos/subscriptions/events";
/** More than the longest soak publishes. */
const LEDGER_IDS = 8_000_000;
/** Of raw data, in a request to the control port. */
const CONTROL_BYTES = 600_000;

/** Of the local servers only: they are trusted, and never the object of a test. */
class Remote {
  private readonly agent = new Agent({ connections: 4 });

  constructor(private readonly url: string) {}

  async text(method: "GET" | "POST" | "PUT" | "PATCH", path: string, body?: unknown): Promise<string> {
    const response = await request(this.url + path, {
      method,
      dispatcher: this.agent,
      // A connection each: a process that stands still would write on one that was closed as idle meanwhile.
      reset: true,
      ...(body === undefined
        ? {}
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    const text = await response.body.text();
    if (response.statusCode !== 200) throw new Error(`${method} ${path}: ${response.statusCode} ${text}`);
    return text;
  }

  async json<T>(method: "GET" | "POST" | "PUT" | "PATCH", path: string, body?: unknown): Promise<T> {
    return JSON.parse(await this.text(method, path, body)) as T;
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }
}

export interface NewMessage {
  readonly data: Buffer;
  readonly attributes: Readonly<Record<string, string>>;
}

export class PubSubServer {
  private constructor(
    private readonly child: Child,
    private readonly remote: Remote,
    readonly port: number,
  ) {}

  static async start(ackDeadlineSeconds: number): Promise<PubSubServer> {
    const resources = ["--topic", TOPIC, "--subscription", SUBSCRIPTION];
    const settings = ["--ack-deadline-seconds", String(ackDeadlineSeconds), "--ledger", String(LEDGER_IDS)];
    const child = new Child([
      "emulate",
      "pubsub",
      "--port",
      "0",
      "--control-port",
      "0",
      ...resources,
      ...settings,
    ]);
    const [, control] = await child.says(/control port: (\S+)/);
    const [, port] = await child.says(/PUBSUB_EMULATOR_HOST=\S+:(\d+)/);
    return new PubSubServer(child, new Remote(control!), Number(port));
  }

  /** Yields the message ids, in order. */
  async publish(messages: readonly NewMessage[]): Promise<string[]> {
    if (messages.some(({ data }) => data.length > CONTROL_BYTES)) return this.publishLarge(messages);
    const encoded = messages.map(({ data, attributes }) => ({ data: data.toString("base64"), attributes }));
    const answer = await this.remote.json<{ messageIds: string[] }>("POST", "/publish", {
      topic: TOPIC,
      messages: encoded,
    });
    return answer.messageIds;
  }

  /** Through the service itself, with Google's client: the control port takes a megabyte. */
  private async publishLarge(messages: readonly NewMessage[]): Promise<string[]> {
    const { v1 } = await import("@google-cloud/pubsub");
    const sslCreds = credentials.createInsecure();
    const client = new v1.PublisherClient({ servicePath: "127.0.0.1", port: this.port, sslCreds });
    try {
      const [answer] = await client.publish({ topic: TOPIC, messages: [...messages] });
      return answer.messageIds ?? [];
    } finally {
      await client.close();
    }
  }

  async state(): Promise<SubscriptionInspection> {
    const { subscriptions } = await this.remote.json<{ subscriptions: SubscriptionInspection[] }>(
      "GET",
      "/state",
    );
    return subscriptions.find(({ name }) => name === SUBSCRIPTION)!;
  }

  /** How many calls and streams a fault was played on. */
  async faultsInjected(): Promise<number> {
    return (await this.remote.json<{ faultsInjected: number }>("GET", "/state")).faultsInjected;
  }

  ids(kind: IdKind): Promise<IdList> {
    return this.remote.json("GET", `/ids?subscription=${SUBSCRIPTION}&kind=${kind}`);
  }

  /** Adds RPC faults, changes the stream faults that are named. */
  async fault(script: FaultScript): Promise<void> {
    await this.remote.text("PATCH", "/faults", script);
  }

  async heal(): Promise<void> {
    await this.remote.text("PUT", "/faults", {});
  }

  async endStreams(status: string): Promise<number> {
    return (await this.remote.json<{ ended: number }>("POST", "/end-streams", { status })).ended;
  }

  async goAway(graceMs: number): Promise<void> {
    await this.remote.text("POST", "/go-away", { graceMs });
  }

  async close(): Promise<void> {
    await Promise.all([this.child.end(), this.remote.close()]);
  }
}

/** One line of the local Segment's ledger. */
export interface SegmentId {
  readonly id: string;
  readonly deliveries: number;
  readonly digest: string;
  readonly differing: number;
}

export interface Arrived {
  /** By the wall clock. */
  readonly at: string;
  readonly atMs: number;
  readonly events: number;
}

export class SegmentServer {
  private constructor(
    private readonly child: Child,
    private readonly remote: Remote,
    readonly port: number,
  ) {}

  static async start(): Promise<SegmentServer> {
    const child = new Child(["emulate", "segment", "--port", "0", "--ledger", String(LEDGER_IDS)]);
    const [url, port] = await child.says(/http:\/\/\S+:(\d+)/);
    return new SegmentServer(child, new Remote(url), Number(port));
  }

  stats(): Promise<SegmentStats> {
    return this.remote.json("GET", "/stats.json");
  }

  /** The last thousand, newest first; `atMs` by the server's own clock. */
  async requests(): Promise<readonly Arrived[]> {
    const { requests } = await this.remote.json<{ requests: Arrived[] }>("GET", "/requests.json?limit=1000");
    return requests;
  }

  async ids(): Promise<SegmentId[]> {
    const lines = (await this.remote.text("GET", "/ids.ndjson")).split("\n").filter((line) => line !== "");
    return lines.map((line) => {
      const [id, deliveries, digest, differing] = JSON.parse(line) as [string, number, string, number];
      return { id, deliveries, digest, differing };
    });
  }

  /** Whether an event with this id came. */
  async has(messageId: string): Promise<boolean> {
    return (await this.remote.text("GET", `/ids.ndjson?id=${encodeURIComponent(messageId)}`)) !== "";
  }

  /** When the newest event was sent, by the sender's clock; NaN before the first. */
  async lastSentAtMs(): Promise<number> {
    const { events } = await this.remote.json<{ events: { event: { sentAt?: string } }[] }>(
      "GET",
      "/events.json?limit=1",
    );
    return Date.parse(events[0]?.event.sentAt ?? "");
  }

  async inject(rule: FaultRule): Promise<void> {
    await this.remote.text("POST", "/_control", { inject: rule });
  }

  async setRates(rates: {
    readonly events?: number | null;
    readonly requests?: number | null;
  }): Promise<void> {
    await this.remote.text("POST", "/_control", { rates });
  }

  async heal(): Promise<void> {
    await this.remote.text("POST", "/_control", { clear: true });
  }

  async close(): Promise<void> {
    await Promise.all([this.child.end(), this.remote.close()]);
  }
}
