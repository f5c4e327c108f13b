// What can be made to go wrong, as data: the same object is set in a test's own process, and sent as JSON to the
// control port of a server that is a process of its own.

import { type Static, Type } from "typebox";
import Value from "typebox/value";

import { invalid, statusNames } from "./rpc-error.ts";

const status = Type.Enum(statusNames, { description: "A gRPC status code by name." });

const rpcFault = Type.Object(
  {
    rpc: Type.String({
      minLength: 1,
      description: "`Publish`, `Acknowledge`, `StreamingPull`, …, or `*` for all.",
    }),
    status: Type.Optional(status),
    message: Type.Optional(Type.String({ maxLength: 1000 })),
    when: Type.Optional(
      Type.Union([Type.Literal("before"), Type.Literal("after")], {
        description:
          "`after`: the call takes effect, then its answer is lost in this status. Default `before`.",
      }),
    ),
    noReply: Type.Optional(
      Type.Boolean({
        description: "Instead of a status: no answer, ever. The client's deadline ends the call.",
      }),
    ),
    latencyMs: Type.Optional(Type.Number({ minimum: 0, description: "Delay before the call is looked at." })),
    latencyJitterMs: Type.Optional(
      Type.Number({ minimum: 0, description: "Up to so much more, at random." }),
    ),
    times: Type.Optional(Type.Integer({ minimum: 1, description: "Only so many calls. Default: all." })),
    forMs: Type.Optional(
      Type.Number({ minimum: 0, description: "Only so long from now. Default: until removed." }),
    ),
    probability: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: "Default 1." })),
  },
  { additionalProperties: false },
);

const streamFaults = Type.Object(
  {
    silent: Type.Optional(Type.Boolean({ description: "Streams stay open and nothing is delivered." })),
    ignoreFlowControl: Type.Optional(Type.Boolean({ description: "As Google's emulator does." })),
    ignorePings: Type.Optional(
      Type.Boolean({ description: "Leave keepalive requests of protocol version 1 unanswered." }),
    ),
    maxAgeMs: Type.Optional(Type.Number({ minimum: 1, description: "Every stream ends at this age." })),
    ageStatus: Type.Optional(status),
    releaseOnEnd: Type.Optional(
      Type.Boolean({
        description: "What an ended stream was sent is handed out again at once, before its leases run out.",
      }),
    ),
    copies: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100, description: "How often each message is handed out." }),
    ),
  },
  { additionalProperties: false },
);

export const faultScript = Type.Object(
  { rpcs: Type.Optional(Type.Array(rpcFault, { maxItems: 100 })), streams: Type.Optional(streamFaults) },
  { additionalProperties: false },
);

export type RpcFault = Static<typeof rpcFault>;
export type StreamFaults = Static<typeof streamFaults>;
export type FaultScript = Static<typeof faultScript>;

/** Throws INVALID_ARGUMENT that says where the script is wrong. */
export function checkedScript(script: unknown): FaultScript {
  if (Value.Check(faultScript, script)) return script;
  const problems = Value.Errors(faultScript, script).map((e) => `${e.instancePath || "/"} ${e.message}`);
  throw invalid(`Not a fault script: ${problems.slice(0, 5).join("; ")}.`);
}
