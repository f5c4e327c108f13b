// What every Segment destination is set with, wherever it is kept; its write key is kept apart.

import Type, { type Static } from "typebox";

import type { SegmentDestinationConfig } from "../engine/segment-destination.ts";
import { REGION_ENDPOINTS } from "../sinks/segment/regions.ts";

/** Properties of a TypeBox object. Keys and defaults are the same in `destinations.yaml` and in the REST API. */
export const segmentSettings = {
  userIdContextKind: contextKind("user", "Context kind whose key becomes the userId."),
  anonymousIdContextKind: contextKind("anonymousUser", "Context kind whose key becomes the anonymousId."),
  region: Type.Optional(
    Type.Union([Type.Literal("us"), Type.Literal("eu")], {
      description:
        "Region of the Segment workspace; `us` when neither region nor endpoint is set. Events sent to the wrong region vanish.",
    }),
  ),
  endpoint: Type.Optional(
    Type.String({
      pattern: "^https?://[^\\s/?#@]+(/[^\\s?#]*)?$",
      maxLength: 512,
      description:
        "Base URL in place of a region: a proxy of your own, or a local Segment such as `http://127.0.0.1:8088`.",
    }),
  ),
  eventsPerSecond: rate(
    900,
    "Most events in any second. Segment takes 1,000 a second per workspace without prior arrangement.",
  ),
  requestsPerSecond: rate(100, "Most requests in any second."),
  bytesPerSecond: Type.Optional(rate(undefined, "Most bytes of events in any second; no limit when absent.")),
};

const settingsObject = Type.Object(segmentSettings, { additionalProperties: false });

export type SegmentSettings = Static<typeof settingsObject>;

/** `writeKey` is asked at each request; it may throw when the key cannot be read. */
export function segmentConfigOf(settings: SegmentSettings, writeKey: () => string): SegmentDestinationConfig {
  return {
    writeKey,
    userIdContextKind: settings.userIdContextKind,
    anonymousIdContextKind: settings.anonymousIdContextKind,
    endpoint: settings.endpoint?.replace(/\/+$/, "") ?? REGION_ENDPOINTS[settings.region ?? "us"],
    rates: {
      events: settings.eventsPerSecond,
      requests: settings.requestsPerSecond,
      bytes: settings.bytesPerSecond ?? Number.POSITIVE_INFINITY,
    },
  };
}

function contextKind(kind: string, description: string) {
  return Type.String({ default: kind, minLength: 1, maxLength: 128, description });
}

function rate(perSecond: number | undefined, description: string) {
  const limits = { minimum: 1, maximum: 1_000_000_000, description };
  return Type.Number(perSecond === undefined ? limits : { default: perSecond, ...limits });
}
