// What the source needs of Pub/Sub, as a small interface, and its gRPC form. Tests drive the rest of this folder
// with an implementation of their own.

import { InterceptingCall, type Client, type ClientDuplexStream, type Interceptor } from "@grpc/grpc-js";
import type { protos } from "@google-cloud/pubsub";

import { connect, routing, type ConnectOptions } from "./connect.ts";

type V1 = typeof protos.google.pubsub.v1;
export type ReceivedMessage = protos.google.pubsub.v1.IReceivedMessage;
export type StreamRequest = protos.google.pubsub.v1.IStreamingPullRequest;
type StreamResponse = protos.google.pubsub.v1.StreamingPullResponse;

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

export async function connectPull(
  options: ConnectOptions & { readonly subscription: string },
): Promise<PullClient> {
  const { protos } = await import("@google-cloud/pubsub");
  return new GrpcPullClient(await connect(options), protos.google.pubsub.v1, options.subscription);
}

class GrpcPullClient implements PullClient {
  private readonly underWay = new Set<{ cancel(): void }>();

  constructor(
    private readonly client: Client,
    private readonly v1: V1,
    private readonly subscription: string,
  ) {}

  open(first: StreamRequest, events: StreamEvents): PullCall {
    const call = new GrpcPullCall(
      this.client,
      this.v1,
      { ...first, subscription: this.subscription },
      events,
    );
    return call;
  }

  acknowledge(ackIds: string[], timeoutMs: number): Promise<void> {
    const { AcknowledgeRequest } = this.v1;
    const body = AcknowledgeRequest.encode({ subscription: this.subscription, ackIds }).finish();
    return this.unary(`${SERVICE}/Acknowledge`, body, timeoutMs);
  }

  modifyAckDeadline(ackIds: string[], ackDeadlineSeconds: number, timeoutMs: number): Promise<void> {
    const { ModifyAckDeadlineRequest } = this.v1;
    const fields = { subscription: this.subscription, ackIds, ackDeadlineSeconds };
    const body = ModifyAckDeadlineRequest.encode(fields).finish();
    return this.unary(`${SERVICE}/ModifyAckDeadline`, body, timeoutMs);
  }

  close(): void {
    for (const call of this.underWay) call.cancel();
    this.client.close();
  }

  /** Both answers are google.protobuf.Empty. */
  private unary(path: string, body: Uint8Array, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const call = this.client.makeUnaryRequest(
        path,
        asBuffer,
        (bytes: Buffer) => bytes,
        body,
        routing("subscription", this.subscription),
        { deadline: Date.now() + timeoutMs },
        (error) => {
          this.underWay.delete(call);
          if (error) reject(error);
          else resolve();
        },
      );
      this.underWay.add(call);
    });
  }
}

/**
 * gRPC's readable stream fetches 16 responses ahead, paused or not: thousands of messages whose leases nobody
 * extends. So responses are taken in an interceptor, below that buffer, and the next one is asked for only when
 * this one is dealt with.
 */
class GrpcPullCall implements PullCall {
  private readonly call: ClientDuplexStream<StreamRequest, StreamResponse>;
  private paused = false;
  private askForNext: (() => void) | undefined;

  constructor(client: Client, v1: V1, first: StreamRequest, events: StreamEvents) {
    this.call = client.makeBidiStreamRequest(
      `${SERVICE}/StreamingPull`,
      (request: StreamRequest) => asBuffer(v1.StreamingPullRequest.encode(request).finish()),
      (bytes: Buffer) => v1.StreamingPullResponse.decode(bytes),
      routing("subscription", first.subscription ?? ""),
      { interceptors: [this.interceptor(events)] },
    );
    // The status reaches `events.end`; without this listener Node would throw it.
    this.call.on("error", () => {});
    this.call.resume();
    this.call.write(first);
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
    this.call.write({});
  }

  cancel(): void {
    this.call.cancel();
  }

  private interceptor(events: StreamEvents): Interceptor {
    return (options, nextCall) =>
      new InterceptingCall(nextCall(options), {
        start: (metadata, _listener, next) =>
          next(metadata, {
            onReceiveMessage: (response: StreamResponse, pass) => {
              events.messages(response.receivedMessages);
              if (this.paused) this.askForNext = () => pass(response);
              else pass(response);
            },
            onReceiveStatus: (status, pass) => {
              events.end({ code: status.code, details: status.details });
              pass(status);
            },
          }),
      });
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
