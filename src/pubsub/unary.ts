// One request, one answer, as bytes.

import { type Client, status } from "@grpc/grpc-js";

import { routing } from "./connect.ts";

export interface CallLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface UnaryRequest {
  /** `/google.pubsub.v1.Publisher/Publish`. */
  readonly path: string;
  readonly body: Buffer;
  /** What the request is about, for Google's routing: the field of the request and its value. */
  readonly resource: { readonly field: string; readonly name: string };
}

/** Aborted before it was sent; in the form of a gRPC error. */
class Cancelled extends Error {
  override readonly name = "Cancelled";
  readonly code = status.CANCELLED;
  constructor() {
    super("aborted before it was sent");
  }
}

/** Rejects with an Error that has the gRPC `code`. */
export function unary(
  client: Client,
  { path, body, resource }: UnaryRequest,
  { timeoutMs, signal }: CallLimits,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new Cancelled());
    const abort = () => request.cancel();
    const request = client.makeUnaryRequest(
      path,
      asItIs,
      asItIs,
      body,
      routing(resource.field, resource.name),
      { deadline: Date.now() + timeoutMs },
      (error, answer) => {
        signal?.removeEventListener("abort", abort);
        if (error) reject(error);
        else resolve(answer ?? Buffer.alloc(0));
      },
    );
    signal?.addEventListener("abort", abort, { once: true });
  });
}

function asItIs(bytes: Buffer): Buffer {
  return bytes;
}
