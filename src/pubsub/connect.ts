// A gRPC client for Pub/Sub.
//
// The client is the plain gRPC stub inside Google's generated client: the generated methods wrap every stream in
// another stream, and its `close` may open an IAM channel only to close it. Google's client still does what is
// hard: credentials, universe domain, mTLS. Where there are no credentials (emulators), it is not needed at all.

import { Client, credentials, Metadata } from "@grpc/grpc-js";

import { resolveEndpoint } from "./endpoint.ts";

/** Larger than any response of Pub/Sub: one message may have 10 MB. */
const MAX_RESPONSE_BYTES = 32 * 1024 * 1024;
/** HTTP/2 window: what a server may send that we have not read yet. 64 KB would cap a stream at 1.3 MB/s over 50 ms. */
const WINDOW_BYTES = 1024 * 1024;

export interface ConnectOptions {
  readonly endpoint: string | undefined;
  readonly keepaliveMs: number;
  readonly keepaliveTimeoutMs: number;
}

/** A connected client of the whole service. Rejects when there are no credentials. */
export async function connect(options: ConnectOptions): Promise<Client> {
  const { address, secure } = resolveEndpoint(options.endpoint);
  const channel = {
    "grpc.keepalive_time_ms": options.keepaliveMs,
    "grpc.keepalive_timeout_ms": options.keepaliveTimeoutMs,
    "grpc.max_receive_message_length": MAX_RESPONSE_BYTES,
    "grpc.max_send_message_length": MAX_RESPONSE_BYTES,
    "grpc.max_reconnect_backoff_ms": 10_000,
    "grpc-node.flow_control_window": WINDOW_BYTES,
    // Connections are shared between clients by default: a rebuilt client would get the broken one again.
    "grpc.use_local_subchannel_pool": 1,
  };
  if (!secure && address !== undefined) return new Client(address, credentials.createInsecure(), channel);

  const { v1 } = await import("@google-cloud/pubsub");
  const [host, port] = address?.split(/:(?=\d+$)/) ?? [];
  const google = new v1.SubscriberClient({
    ...channel,
    ...(host === undefined ? {} : { servicePath: host, port: Number(port) }),
  });
  // The stub is an instance of gRPC's Client, which the declared type does not say.
  return (await google.initialize()) as unknown as Client;
}

/** Lets Google route the request by the resource it is about ("x-goog-request-params" of its API clients). */
export function routing(field: string, resource: string): Metadata {
  const metadata = new Metadata();
  metadata.set("x-goog-request-params", `${field}=${encodeURIComponent(resource)}`);
  return metadata;
}
