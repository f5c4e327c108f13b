// The service definitions, from the .proto files that the Google client libraries ship. They are found through
// the packages themselves, so that hoisted and nested installations both work: ours holds google/pubsub/v1, and
// google-gax, as @google-cloud/pubsub sees it, holds google/api, google/iam and the rest.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from "@grpc/proto-loader";

import { readPublishRequest } from "./incoming-message.ts";
import type { MessageCodec, PublishedMessage } from "./message.ts";
import { writePullResponse } from "./pull-response.ts";

export interface Protos {
  readonly publisher: ServiceDefinition;
  readonly subscriber: ServiceDefinition;
  readonly schemas: ServiceDefinition;
  readonly iam: ServiceDefinition;
  readonly codec: MessageCodec;
}

/** Reads about thirty files; takes some 100 ms. */
export function loadProtos(): Protos {
  const definitions = loadSync(
    ["google/pubsub/v1/pubsub.proto", "google/pubsub/v1/schema.proto", "google/iam/v1/iam_policy.proto"],
    {
      includeDirs: protoFolders(),
      // camelCase field names, every field present: a request is what its interface says.
      keepCase: false,
      longs: Number,
      enums: String,
      defaults: true,
      arrays: true,
      objects: true,
    },
  );
  return {
    publisher: withFastPublish(service(definitions, "google.pubsub.v1.Publisher")),
    subscriber: withFastResponses(service(definitions, "google.pubsub.v1.Subscriber")),
    schemas: service(definitions, "google.pubsub.v1.SchemaService"),
    iam: service(definitions, "google.iam.v1.IAMPolicy"),
    codec: messageCodec(definitions),
  };
}

function protoFolders(): string[] {
  const pubsub = fileURLToPath(import.meta.resolve("@google-cloud/pubsub"));
  const gax = createRequire(pubsub).resolve("google-gax");
  // Both packages' entry is build/src/index.js, and both keep their protos in build/protos.
  return [pubsub, gax].map((entry) => join(dirname(dirname(entry)), "protos"));
}

function service(definitions: PackageDefinition, name: string): ServiceDefinition {
  const definition = definitions[name];
  if (!definition || "format" in definition)
    throw new Error(
      `${name} is not in the .proto files of the installed @google-cloud/pubsub and google-gax.`,
    );
  return definition as ServiceDefinition;
}

/** Published messages are kept as the bytes they came as. */
function withFastPublish(publisher: ServiceDefinition): ServiceDefinition {
  const slow = publisher["Publish"] as MethodDefinition<unknown, unknown>;
  return { ...publisher, Publish: { ...slow, requestDeserialize: readPublishRequest } } as ServiceDefinition;
}

/** Delivered messages are stored encoded, so their responses are put together from bytes. */
function withFastResponses(subscriber: ServiceDefinition): ServiceDefinition {
  const fast = (name: string) => ({
    ...(subscriber[name] as MethodDefinition<unknown, unknown>),
    responseSerialize: writePullResponse,
  });
  return { ...subscriber, StreamingPull: fast("StreamingPull"), Pull: fast("Pull") } as ServiceDefinition;
}

function messageCodec(definitions: PackageDefinition): MessageCodec {
  const type = definitions["google.pubsub.v1.PubsubMessage"] as MessageTypeDefinition<object, object>;
  return {
    encode: (message) => type.serialize(message),
    // Decoded with every field present, as the options above say.
    decode: (wire) =>
      type.deserialize(Buffer.from(wire.buffer, wire.byteOffset, wire.length)) as Required<PublishedMessage>,
  };
}
