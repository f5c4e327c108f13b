// What each gRPC status means here, in one table. Never decided by reading message text.
//
// A stream that ends is opened again on the same client ("reopen"), or with a new client: new connection, new
// credentials ("rebuild"). Three reopens in a row that bring nothing turn into a rebuild. An acknowledgement that
// fails is tried again while its lease lives ("retry"), or given up where the same request can never succeed.

import { status } from "@grpc/grpc-js";

export interface StatusRule {
  readonly name: string;
  readonly stream: "reopen" | "rebuild";
  readonly ack: "retry" | "give-up";
  /** What a person may do about it; undefined where waiting is all. */
  readonly remedy: string | undefined;
}

const weather = (name: string): StatusRule => ({ name, stream: "reopen", ack: "retry", remedy: undefined });

const rules: Readonly<Record<number, StatusRule>> = {
  // The server closed the stream in an orderly way; it does so every half hour or so.
  [status.OK]: weather("OK"),
  // A proxy or the service cancelled; ours never come here.
  [status.CANCELLED]: weather("CANCELLED"),
  // Often a proxy's reset or an unmapped error inside Google.
  [status.UNKNOWN]: weather("UNKNOWN"),
  [status.INVALID_ARGUMENT]: {
    name: "INVALID_ARGUMENT",
    stream: "rebuild",
    ack: "give-up",
    remedy: "check the subscription's name and the settings of the source",
  },
  // The normal end of a stream's life.
  [status.DEADLINE_EXCEEDED]: weather("DEADLINE_EXCEEDED"),
  [status.NOT_FOUND]: {
    name: "NOT_FOUND",
    stream: "rebuild",
    ack: "give-up",
    remedy: "create the subscription, or correct `subscription`",
  },
  // Means nothing for these calls: treated as a fault of this connection.
  [status.ALREADY_EXISTS]: { ...weather("ALREADY_EXISTS"), stream: "rebuild", ack: "give-up" },
  [status.PERMISSION_DENIED]: {
    name: "PERMISSION_DENIED",
    stream: "rebuild",
    ack: "retry",
    remedy: "grant roles/pubsub.subscriber on the subscription to the account that runs this",
  },
  // Quota: the backoff is the answer.
  [status.RESOURCE_EXHAUSTED]: weather("RESOURCE_EXHAUSTED"),
  [status.FAILED_PRECONDITION]: {
    name: "FAILED_PRECONDITION",
    stream: "rebuild",
    ack: "give-up",
    remedy: "check that it is a pull subscription, attached to a topic",
  },
  [status.ABORTED]: weather("ABORTED"),
  [status.OUT_OF_RANGE]: { ...weather("OUT_OF_RANGE"), stream: "rebuild", ack: "give-up" },
  [status.UNIMPLEMENTED]: {
    name: "UNIMPLEMENTED",
    stream: "rebuild",
    ack: "give-up",
    remedy: "check `endpoint`: what answers there is not Pub/Sub",
  },
  [status.INTERNAL]: weather("INTERNAL"),
  // Network, restart of a server, keepalive unanswered.
  [status.UNAVAILABLE]: weather("UNAVAILABLE"),
  [status.DATA_LOSS]: { ...weather("DATA_LOSS"), stream: "rebuild" },
  [status.UNAUTHENTICATED]: {
    name: "UNAUTHENTICATED",
    stream: "rebuild",
    ack: "retry",
    remedy:
      "provide Google credentials (GOOGLE_APPLICATION_CREDENTIALS, or a service account on the machine)",
  },
};

export function ruleOf(code: number): StatusRule {
  return rules[code] ?? { ...weather(`STATUS_${code}`), stream: "rebuild" };
}

/** The gRPC code of a failed call; undefined when it is none. */
export function codeOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "number" && error.code >= 0 && error.code <= 16 ? error.code : undefined;
}

/** A request while the client is being rebuilt: the same as no connection. */
export class NotConnected extends Error {
  override readonly name = "NotConnected";
  readonly code = status.UNAVAILABLE;
  constructor() {
    super("there is no connection to Pub/Sub at the moment");
  }
}
