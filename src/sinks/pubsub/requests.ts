// The two requests of the sink: publish, and a probe that publishes nothing.

import { type Client, status } from "@grpc/grpc-js";

import type { Encoded } from "../../engine/contracts.ts";
import { SinkFault } from "../../engine/errors.ts";
import { FieldReader, FieldWriter } from "../../pubsub/protobuf.ts";
import { type CallLimits, unary } from "../../pubsub/unary.ts";
import { codeOf } from "../../sources/pubsub/status.ts";

const PUBLISH = "pubsub.topics.publish";
/** One entry of PubsubMessage.attributes: 1 name, 2 value. */
const contentType = new FieldWriter().text(1, "content-type").text(2, "application/json").finish();

/** Rejects with the gRPC error. All of the messages were taken, or it is not known that any was. */
export async function publish(
  client: Client,
  topic: string,
  items: readonly Encoded<unknown>[],
  limits: CallLimits,
): Promise<void> {
  // PublishRequest: 1 topic, 2 messages; PubsubMessage: 1 data, 2 attributes.
  const request = new FieldWriter(items.reduce((sum, { bytes }) => sum + bytes + 64, topic.length + 16));
  request.text(1, topic);
  for (const { text, bytes } of items)
    request.data(2, new FieldWriter(bytes + 64).text(1, text).data(2, contentType).finish());
  const resource = { field: "topic", name: topic };
  const answer = await unary(
    client,
    { path: "/google.pubsub.v1.Publisher/Publish", body: request.finish(), resource },
    limits,
  );
  const ids = textsOf(answer).length;
  if (ids === items.length) return;
  throw new SinkFault("unavailable", `${topic}: ${ids} ids for ${items.length} messages`, {
    code: "pubsub-wrong-count",
  });
}

/**
 * TestIamPermissions needs no permission itself and changes nothing. For a topic that does not exist it answers
 * with no permissions ("Cloud IAM API", testIamPermissions). Emulators know no IAM: there, GetTopic.
 */
export async function probeTopic(client: Client, topic: string, limits: CallLimits): Promise<void> {
  try {
    const path = "/google.iam.v1.IAMPolicy/TestIamPermissions";
    // TestIamPermissionsRequest: 1 resource, 2 permissions; its answer: 1 permissions.
    const body = new FieldWriter().text(1, topic).text(2, PUBLISH).finish();
    const answer = await unary(client, { path, body, resource: { field: "resource", name: topic } }, limits);
    if (textsOf(answer).includes(PUBLISH)) return;
    throw new SinkFault("misconfigured", `${topic}: no such topic, or ${PUBLISH} is not granted on it`, {
      code: "pubsub-permission-denied",
    });
  } catch (error) {
    if (codeOf(error) !== status.UNIMPLEMENTED) throw error;
    const path = "/google.pubsub.v1.Publisher/GetTopic";
    const body = new FieldWriter().text(1, topic).finish();
    await unary(client, { path, body, resource: { field: "topic", name: topic } }, limits);
  }
}

/** The texts of field 1: message ids, or permissions. */
function textsOf(answer: Buffer): string[] {
  const texts: string[] = [];
  const reader = new FieldReader(answer);
  while (reader.next()) {
    if (reader.field === 1) texts.push(reader.text());
    else reader.skip();
  }
  return texts;
}
