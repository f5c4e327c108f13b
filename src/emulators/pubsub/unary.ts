// What a service of this server is: a function for each RPC by its proto name. It answers, throws RpcError, or
// takes its time.

export type Unary = (request: unknown, signal: AbortSignal) => unknown;

export type UnaryService = Readonly<Record<string, Unary>>;

/**
 * Gives a request its type. The definitions of protos.ts decode it, with every field present, before it comes
 * here, so the cast asserts what is already so. `signal` aborts when the client gives up.
 */
export function unary<Request>(handle: (request: Request, signal: AbortSignal) => unknown): Unary {
  return (request, signal) => handle(request as Request, signal);
}

/** What an RPC with a `google.protobuf.Empty` answer yields. */
export const empty = {};
