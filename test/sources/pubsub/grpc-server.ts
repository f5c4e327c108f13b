// A gRPC server with Pub/Sub's methods and no Pub/Sub behind them: each test scripts what it answers.

import { protos } from "@google-cloud/pubsub";
import {
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type StatusObject,
} from "@grpc/grpc-js";

import type { ReceivedMessage } from "../../../src/sources/pubsub/wire.ts";

const v1 = protos.google.pubsub.v1;
type Request = protos.google.pubsub.v1.StreamingPullRequest;
interface Response {
  readonly receivedMessages: readonly ReceivedMessage[];
}
export type ServerStream = ServerDuplexStream<Request, Response>;
export type Answer = { readonly code: number; readonly details?: string } | Uint8Array;

export interface Script {
  /** A stream was opened and its first request read. */
  stream?: (call: ServerStream, first: Request, nth: number) => void;
  /** Any unary method, by its name; the default is an empty answer. */
  unary?: (method: string, body: Buffer) => Answer;
}

const serialize = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
const raw = (bytes: Buffer): Buffer => bytes;

/** By Google's own classes, so that what reads it is checked against them. */
export function encodedResponse({ receivedMessages }: Response): Buffer {
  const list = receivedMessages.map(({ ackId, id, body, attributes, publishedAtMs, attempt }) => ({
    ackId,
    deliveryAttempt: attempt,
    message: {
      messageId: id,
      data: body,
      attributes: { ...attributes },
      publishTime: { seconds: Math.floor(publishedAtMs / 1_000), nanos: (publishedAtMs % 1_000) * 1_000_000 },
    },
  }));
  return Buffer.from(v1.StreamingPullResponse.encode({ receivedMessages: list }).finish());
}

function unaryMethod(path: string) {
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: serialize,
    requestDeserialize: raw,
    responseSerialize: serialize,
    responseDeserialize: raw,
  } as const;
}

const service = {
  StreamingPull: {
    path: "/google.pubsub.v1.Subscriber/StreamingPull",
    requestStream: true,
    responseStream: true,
    requestSerialize: (it: Request) => Buffer.from(v1.StreamingPullRequest.encode(it).finish()),
    requestDeserialize: (bytes: Buffer) => v1.StreamingPullRequest.decode(bytes),
    responseSerialize: encodedResponse,
    // The server only writes responses.
    responseDeserialize: (): Response => ({ receivedMessages: [] }),
  },
  Acknowledge: unaryMethod("/google.pubsub.v1.Subscriber/Acknowledge"),
  ModifyAckDeadline: unaryMethod("/google.pubsub.v1.Subscriber/ModifyAckDeadline"),
  Publish: unaryMethod("/google.pubsub.v1.Publisher/Publish"),
  GetTopic: unaryMethod("/google.pubsub.v1.Publisher/GetTopic"),
  TestIamPermissions: unaryMethod("/google.iam.v1.IAMPolicy/TestIamPermissions"),
} as const;

export class ScriptedPubSub {
  script: Script = {};
  readonly acked: string[] = [];
  readonly modified: { readonly ackIds: readonly string[]; readonly seconds: number }[] = [];
  readonly bodies: { readonly method: string; readonly body: Buffer }[] = [];
  readonly requests: Request[] = [];
  port = 0;
  private opened = 0;
  private readonly server = new Server({ "grpc.max_receive_message_length": -1 });

  static async start(script: Script = {}): Promise<ScriptedPubSub> {
    const it = new ScriptedPubSub();
    it.script = script;
    it.server.addService(service, {
      StreamingPull: (call: ServerStream) => it.onStream(call),
      Acknowledge: it.onUnary("Acknowledge"),
      ModifyAckDeadline: it.onUnary("ModifyAckDeadline"),
      Publish: it.onUnary("Publish"),
      GetTopic: it.onUnary("GetTopic"),
      TestIamPermissions: it.onUnary("TestIamPermissions"),
    });
    it.port = await new Promise((resolve, reject) =>
      it.server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      ),
    );
    return it;
  }

  get endpoint(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Resolves only when every client has let go. */
  stop(): Promise<void> {
    return new Promise((resolve, reject) =>
      this.server.tryShutdown((error) => (error ? reject(error) : resolve())),
    );
  }

  kill(): void {
    this.server.forceShutdown();
  }

  private onStream(call: ServerStream): void {
    const nth = ++this.opened;
    let first = true;
    call.on("data", (request: Request) => {
      this.requests.push(request);
      if (first) this.script.stream?.(call, request, nth);
      first = false;
    });
    call.on("end", () => call.end());
    // A client that cancels is no concern of the server.
    call.on("error", () => {});
  }

  private onUnary(method: string) {
    return (call: ServerUnaryCall<Buffer, Uint8Array>, done: sendUnaryData<Uint8Array>): void => {
      const body = call.request;
      this.bodies.push({ method, body });
      const answer = this.script.unary?.(method, body) ?? new Uint8Array(0);
      if (!(answer instanceof Uint8Array)) {
        const failure: Partial<StatusObject> = { code: answer.code, details: answer.details ?? "scripted" };
        done(failure);
        return;
      }
      this.note(method, body);
      done(null, answer);
    };
  }

  private note(method: string, body: Buffer): void {
    if (method === "Acknowledge") this.acked.push(...v1.AcknowledgeRequest.decode(body).ackIds);
    if (method !== "ModifyAckDeadline") return;
    const { ackIds, ackDeadlineSeconds } = v1.ModifyAckDeadlineRequest.decode(body);
    this.modified.push({ ackIds, seconds: ackDeadlineSeconds });
  }
}

/** Ends a stream with any status, OK included. */
export function endWith(call: ServerStream, code: number): void {
  if (code === 0) call.end();
  else call.emit("error", Object.assign(new Error("scripted"), { code, details: "scripted" }));
}
