// A failed publish, as a fault. Never decided by reading message text.

import { status } from "@grpc/grpc-js";

import { SinkFault, toError, type FaultKind } from "../../engine/errors.ts";
import { codeOf, ruleOf } from "../../sources/pubsub/status.ts";

/** All others are weather: tried again with the same bytes. */
const kinds: Readonly<Record<number, FaultKind>> = {
  [status.INVALID_ARGUMENT]: "rejected",
  [status.RESOURCE_EXHAUSTED]: "throttled",
  [status.NOT_FOUND]: "misconfigured",
  [status.PERMISSION_DENIED]: "misconfigured",
  [status.UNAUTHENTICATED]: "misconfigured",
  [status.UNIMPLEMENTED]: "misconfigured",
  [status.FAILED_PRECONDITION]: "misconfigured",
};

const remedies: Readonly<Record<number, string>> = {
  [status.NOT_FOUND]: "create the topic, or correct `topic`",
  [status.PERMISSION_DENIED]: "grant roles/pubsub.publisher on the topic",
  [status.UNAUTHENTICATED]: "provide Google credentials",
  [status.UNIMPLEMENTED]: "check `endpoint`: what answers there is not Pub/Sub",
};

/** What fails without a gRPC status failed before the request: no usable credentials. */
export function faultOf(error: unknown, topic: string): SinkFault {
  if (error instanceof SinkFault) return error;
  const code = codeOf(error) ?? status.UNAUTHENTICATED;
  const { name } = ruleOf(code);
  const remedy = remedies[code];
  const reason = toError(error).message.slice(0, 200);
  const message = `${topic}: ${name} (${reason})${remedy === undefined ? "" : `; ${remedy}`}`;
  const kebab = `pubsub-${name.toLowerCase().replaceAll("_", "-")}`;
  return new SinkFault(kinds[code] ?? "unavailable", message, { code: kebab, cause: error });
}
