// Commands to a local Segment in another process:
//   {"inject":{"action":{"kind":"status","status":503},"count":3}}   {"clear":true}   {"rates":{"events":100}}

import { Type } from "typebox";
import { Value } from "typebox/value";

import type { FaultRule, FaultScript } from "./faults.ts";
import type { IngestHandler } from "./ingest-handler.ts";

const status = Type.Optional(Type.Integer({ minimum: 200, maximum: 599 }));
const everyMs = Type.Optional(Type.Number({ minimum: 1 }));
const closed = { additionalProperties: false };

const action = Type.Union([
  Type.Object({ kind: Type.Literal("answer") }, closed),
  Type.Object(
    {
      kind: Type.Literal("status"),
      status: Type.Integer({ minimum: 200, maximum: 599 }),
      headers: Type.Optional(Type.Record(Type.String(), Type.String())),
      body: Type.Optional(Type.String()),
    },
    closed,
  ),
  Type.Object({ kind: Type.Literal("redirect"), location: Type.String(), status }, closed),
  Type.Object({ kind: Type.Literal("never") }, closed),
  Type.Object({ kind: Type.Literal("slow-headers"), everyMs }, closed),
  Type.Object({ kind: Type.Literal("drip"), status, everyMs }, closed),
  Type.Object({ kind: Type.Literal("cut"), status }, closed),
  Type.Object({ kind: Type.Literal("garbage-body"), status }, closed),
  Type.Object({ kind: Type.Literal("garbage") }, closed),
  Type.Object({ kind: Type.Literal("reset-before-body") }, closed),
  Type.Object({ kind: Type.Literal("reset-after-body") }, closed),
]);

const rule = Type.Object(
  {
    action,
    count: Type.Optional(Type.Integer({ minimum: 1 })),
    percent: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
    forMs: Type.Optional(Type.Number({ minimum: 0 })),
    delayMs: Type.Optional(Type.Number({ minimum: 0 })),
    accept: Type.Optional(Type.Boolean()),
    match: Type.Optional(
      Type.Object(
        {
          path: Type.Optional(Type.String()),
          writeKey: Type.Optional(Type.String()),
          bodyIncludes: Type.Optional(Type.String()),
        },
        closed,
      ),
    ),
  },
  closed,
);

/** `null` stands for "no limit": JSON has no Infinity. */
const rate = Type.Optional(Type.Union([Type.Number({ exclusiveMinimum: 0 }), Type.Null()]));

const command = Type.Object(
  {
    clear: Type.Optional(Type.Boolean()),
    inject: Type.Optional(rule),
    rates: Type.Optional(Type.Object({ events: rate, requests: rate }, closed)),
  },
  closed,
);

/** Returns what is wrong with the command, or undefined when it was carried out. */
export function applyControl(text: string, faults: FaultScript, ingest: IngestHandler): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : "not JSON";
  }
  if (!Value.Check(command, value)) {
    const first = Value.Errors(command, value)[0];
    return `${first?.instancePath || "/"}: ${first?.message ?? "not a command"}`;
  }
  if (value.clear) faults.clear();
  // The schema is the type, spelled as optional instead of absent.
  if (value.inject) faults.add(value.inject as FaultRule);
  const { events, requests } = value.rates ?? {};
  ingest.setRates({
    ...(events === undefined ? {} : { events: events ?? Number.POSITIVE_INFINITY }),
    ...(requests === undefined ? {} : { requests: requests ?? Number.POSITIVE_INFINITY }),
  });
  return undefined;
}
