// A refused call, as gRPC tells it: one of the sixteen status codes and a sentence.

import { status } from "@grpc/grpc-js";

/** The names of the sixteen non-OK codes, and OK, which a stream may also end with. */
export const statusNames = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

export type StatusName = (typeof statusNames)[number];

export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly code: status;
  constructor(
    readonly statusName: StatusName,
    /** Sent to the client as it stands. */
    readonly details: string,
  ) {
    super(`${statusName}: ${details}`);
    this.code = status[statusName];
  }
}

export const notFound = (id: string) => new RpcError("NOT_FOUND", `Resource not found (resource=${id}).`);

export const isDetached = (subscription: string) =>
  new RpcError("FAILED_PRECONDITION", `Subscription ${subscription} is detached from its topic.`);

export const alreadyExists = (id: string) =>
  new RpcError("ALREADY_EXISTS", `Resource already exists in the project (resource=${id}).`);

export const invalid = (details: string) => new RpcError("INVALID_ARGUMENT", details);

/** What the local server leaves out, said so that nobody takes it for a fault of theirs. */
export const notHere = (what: string) =>
  new RpcError("UNIMPLEMENTED", `The local Pub/Sub has no ${what}; use the service or Google's emulator.`);
