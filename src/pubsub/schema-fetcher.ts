// Fetches definitions of Pub/Sub schemas (SchemaService.GetSchema). Connected with the first fetch.

import type { Client } from "@grpc/grpc-js";

import type { SchemaFetcher } from "../avro/revisions.ts";
import { FieldReader, FieldWriter } from "./protobuf.ts";

/** A fetch that takes longer than this has failed; the engine tries again. */
const FETCH_MS = 10_000;
const KEEPALIVE_MS = 30_000;
const KEEPALIVE_TIMEOUT_MS = 10_000;
/** Schema.Type. */
const types = ["TYPE_UNSPECIFIED", "PROTOCOL_BUFFER", "AVRO"];
/** SchemaView: with the definition. */
const FULL = 2;

/**
 * `endpoint`: `host:port` of an emulator (no TLS, no credentials), or an address of Google's; undefined:
 * PUBSUB_EMULATOR_HOST if set, else Google's global address. Rejects with the gRPC error.
 */
export function pubsubSchemaFetcher(endpoint: string | undefined): SchemaFetcher {
  let client: Promise<Client> | undefined;
  return {
    async fetch(fullName) {
      client ??= connected(endpoint).catch((error: unknown) => {
        client = undefined;
        throw error;
      });
      const { unary } = await import("./unary.ts");
      const request = {
        path: "/google.pubsub.v1.SchemaService/GetSchema",
        body: new FieldWriter().text(1, fullName).int(2, FULL).finish(),
        resource: { field: "name", name: fullName },
      };
      return schemaOf(await unary(await client, request, { timeoutMs: FETCH_MS }));
    },
    async close() {
      const made = client;
      client = undefined;
      // One that could not be made has nothing to close, and whoever fetched was told.
      const open = await made?.catch(() => undefined);
      open?.close();
    },
  };
}

/** gRPC is loaded when there is something to fetch. */
async function connected(endpoint: string | undefined): Promise<Client> {
  const { connect } = await import("./connect.ts");
  return connect({
    endpoint,
    keepaliveMs: KEEPALIVE_MS,
    keepaliveTimeoutMs: KEEPALIVE_TIMEOUT_MS,
  });
}

/** Schema: 1 name, 2 type, 3 definition. */
function schemaOf(bytes: Buffer): { readonly type: string; readonly definition: string } {
  let type = 0;
  let definition = "";
  const reader = new FieldReader(bytes);
  while (reader.next()) {
    if (reader.field === 2) type = reader.varint();
    else if (reader.field === 3) definition = reader.text();
    else reader.skip();
  }
  return { type: types[type] ?? String(type), definition };
}
