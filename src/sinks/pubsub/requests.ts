// The two requests of the sink: publish, and a probe that publishes nothing.

import { type Client, status } from "@grpc/grpc-js";

import type { Encoded } from "../../engine/contracts.ts";
import { SinkFault } from "../../engine/errors.ts";
import { routing } from "../../sources/pubsub/connect.ts";
import { codeOf } from "../../sources/pubsub/status.ts";

export interface CallLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const PUBLISH = "pubsub.topics.publish";
const attributes = { "content-type": "application/json" };

/** Rejects with the gRPC error. All of the messages were taken, or it is not known that any was. */
export async function publish(
  client: Client,
  topic: string,
  items: readonly Encoded<unknown>[],
  limits: CallLimits,
): Promise<void> {
  const { protos } = await import("@google-cloud/pubsub");
  const messages = items.map((item) => ({ data: Buffer.from(item.text), attributes }));
  const body = protos.google.pubsub.v1.PublishRequest.encode({ topic, messages }).finish();
  const answer = await call(
    client,
    "/google.pubsub.v1.Publisher/Publish",
    body,
    { field: "topic", name: topic },
    limits,
  );
  const { messageIds } = protos.google.pubsub.v1.PublishResponse.decode(answer);
  if (messageIds.length === items.length) return;
  throw new SinkFault("unavailable", `${topic}: ${messageIds.length} ids for ${items.length} messages`, {
    code: "pubsub-wrong-count",
  });
}

/**
 * TestIamPermissions needs no permission itself and changes nothing. For a topic that does not exist it answers
 * with no permissions ("Cloud IAM API", testIamPermissions). Emulators know no IAM: there, GetTopic.
 */
export async function probeTopic(client: Client, topic: string, limits: CallLimits): Promise<void> {
  const { protos } = await import("@google-cloud/pubsub");
  const v1 = protos.google.pubsub.v1;
  try {
    // TestIamPermissionsRequest {1: resource, 2: permissions} has the wire form of this one; its answer
    // {1: permissions} that of the other. So no second set of protocol definitions is needed.
    const body = v1.AcknowledgeRequest.encode({ subscription: topic, ackIds: [PUBLISH] }).finish();
    const path = "/google.iam.v1.IAMPolicy/TestIamPermissions";
    const answer = await call(client, path, body, { field: "resource", name: topic }, limits);
    const granted = v1.StreamingPullResponse.AcknowledgeConfirmation.decode(answer).ackIds;
    if (granted.includes(PUBLISH)) return;
    throw new SinkFault("misconfigured", `${topic}: no such topic, or ${PUBLISH} is not granted on it`, {
      code: "pubsub-permission-denied",
    });
  } catch (error) {
    if (codeOf(error) !== status.UNIMPLEMENTED) throw error;
    const body = v1.GetTopicRequest.encode({ topic }).finish();
    await call(client, "/google.pubsub.v1.Publisher/GetTopic", body, { field: "topic", name: topic }, limits);
  }
}

/** Aborted before it was sent; in the form of a gRPC error. */
class Cancelled extends Error {
  override readonly name = "Cancelled";
  readonly code = status.CANCELLED;
  constructor() {
    super("aborted before it was sent");
  }
}

interface Resource {
  readonly field: string;
  readonly name: string;
}

function call(
  client: Client,
  path: string,
  body: Uint8Array,
  resource: Resource,
  { timeoutMs, signal }: CallLimits,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Cancelled());
    const abort = () => request.cancel();
    const request = client.makeUnaryRequest(
      path,
      (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      (bytes: Buffer) => bytes,
      body,
      routing(resource.field, resource.name),
      { deadline: Date.now() + timeoutMs },
      (error, answer) => {
        signal.removeEventListener("abort", abort);
        if (error) reject(error);
        else resolve(answer ?? Buffer.alloc(0));
      },
    );
    signal.addEventListener("abort", abort, { once: true });
  });
}
