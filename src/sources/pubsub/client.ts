// What the source needs of Pub/Sub, as a small interface, and its gRPC form. Tests drive the rest of this folder
// with an implementation of their own.

import { setMaxListeners } from "node:events";

import { InterceptingCall, type Client, type ClientDuplexStream, type Interceptor } from "@grpc/grpc-js";

import type { Clock } from "../../engine/clock.ts";
import { connect, routing, type ConnectOptions } from "../../pubsub/connect.ts";
import { unary } from "../../pubsub/unary.ts";
import { GatheredResponses } from "./gathered-responses.ts";
import {
  acknowledgeRequest,
  modifyAckDeadlineRequest,
  PullResponseReader,
  type ReceivedMessage,
  type StreamRequest,
  streamingPullRequest,
} from "./wire.ts";

export interface RpcStatus {
  /** gRPC status code, 0 to 16. */
  readonly code: number;
  readonly details: string;
}

export interface StreamEvents {
  messages(list: readonly ReceivedMessage[]): void;
  /** Called once, whoever ended the stream; nothing comes after it. */
  end(status: RpcStatus): void;
}

export interface PullCall {
  /** Not one more response is taken from the connection until `resume`; HTTP/2 holds the server back. */
  pause(): void;
  resume(): void;
  /** An empty request: tells the service that we are still here. */
  keepalive(): void;
  cancel(): void;
}

export interface PullClient {
  open(first: StreamRequest, events: StreamEvents): PullCall;
  /** Rejects with an Error that has the gRPC `code`. */
  acknowledge(ackIds: string[], timeoutMs: number): Promise<void>;
  /** 0 seconds gives the messages back. Rejects as `acknowledge`. */
  modifyAckDeadline(ackIds: string[], seconds: number, timeoutMs: number): Promise<void>;
  /** Cancels what is under way and frees the connection. */
  close(): void;
}

export type ConnectPull = () => Promise<PullClient>;

const SERVICE = "/google.pubsub.v1.Subscriber";

export interface PullOptions extends ConnectOptions {
  readonly subscription: string;
  readonly clock: Clock;
  /** See `GatheredResponses`. */
  readonly gatherMs: number;
}

export async function connectPull(options: PullOptions): Promise<PullClient> {
  return new GrpcPullClient(await connect(options), options);
}

class GrpcPullClient implements PullClient {
  private readonly closing = new AbortController();

  constructor(
    private readonly client: Client,
    private readonly options: Pick<PullOptions, "subscription" | "clock" | "gatherMs">,
  ) {
    setMaxListeners(0, this.closing.signal); // One for each request under way; each is removed.
  }

  open(first: StreamRequest, events: StreamEvents): PullCall {
    return new GrpcPullCall(this.client, this.options, first, events);
  }

  acknowledge(ackIds: string[], timeoutMs: number): Promise<void> {
    const body = acknowledgeRequest(this.options.subscription, ackIds);
    return this.unary(`${SERVICE}/Acknowledge`, body, timeoutMs);
  }

  modifyAckDeadline(ackIds: string[], ackDeadlineSeconds: number, timeoutMs: number): Promise<void> {
    const body = modifyAckDeadlineRequest(this.options.subscription, ackIds, ackDeadlineSeconds);
    return this.unary(`${SERVICE}/ModifyAckDeadline`, body, timeoutMs);
  }

  close(): void {
    this.closing.abort();
    this.client.close();
  }

  /** Both answers are google.protobuf.Empty. */
  private async unary(path: string, body: Buffer, timeoutMs: number): Promise<void> {
    const resource = { field: "subscription", name: this.options.subscription };
    await unary(this.client, { path, body, resource }, { timeoutMs, signal: this.closing.signal });
  }
}

/**
 * gRPC's readable stream fetches 16 responses ahead, paused or not: thousands of messages whose leases nobody
 * extends. So responses are taken in an interceptor, below that buffer, and the next one is asked for only when
 * this one is dealt with.
 */
class GrpcPullCall implements PullCall {
  private readonly call: ClientDuplexStream<Buffer, readonly ReceivedMessage[]>;
  private paused = false;
  private askForNext: (() => void) | undefined;
  private readonly gathered: GatheredResponses;

  constructor(
    client: Client,
    { subscription, clock, gatherMs }: Pick<PullOptions, "subscription" | "clock" | "gatherMs">,
    first: StreamRequest,
    events: StreamEvents,
  ) {
    const responses = new PullResponseReader();
    this.gathered = new GatheredResponses({ clock, gatherMs, messages: (list) => events.messages(list) });
    this.call = client.makeBidiStreamRequest(
      `${SERVICE}/StreamingPull`,
      asItIs,
      (bytes: Buffer) => responses.read(bytes),
      routing("subscription", subscription),
      { interceptors: [this.interceptor(events)] },
    );
    // The status reaches `events.end`; without this listener Node would throw it.
    this.call.on("error", () => {});
    this.call.resume();
    this.call.write(streamingPullRequest(subscription, first));
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    const ask = this.askForNext;
    this.askForNext = undefined;
    ask?.();
  }

  keepalive(): void {
    // Flow control and subscription belong to the first request only, or the stream ends with INVALID_ARGUMENT.
    this.call.write(emptyRequest);
  }

  cancel(): void {
    this.gathered.end();
    this.call.cancel();
  }

  private interceptor(events: StreamEvents): Interceptor {
    return (options, nextCall) =>
      new InterceptingCall(nextCall(options), {
        start: (metadata, _listener, next) =>
          next(metadata, {
            onReceiveMessage: (response: readonly ReceivedMessage[], pass) => {
              this.gathered.add(response, () => {
                if (this.paused) this.askForNext = () => pass(response);
                else pass(response);
              });
            },
            onReceiveStatus: (status, pass) => {
              this.gathered.end();
              events.end({ code: status.code, details: status.details });
              pass(status);
            },
          }),
      });
  }
}

const emptyRequest = Buffer.alloc(0);

function asItIs(bytes: Buffer): Buffer {
  return bytes;
}
