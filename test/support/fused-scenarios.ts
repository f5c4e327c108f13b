// Settings and data under which a fused plan is held against the stages.

import fc from "fast-check";

import { encodeAvro } from "../../src/emulators/avro-events.ts";
import { anyExportEvent } from "./arbitraries.ts";
import { everythingEnabled } from "./context.ts";
import { type Scenario, threeDestinations } from "./fused.ts";

export const defaults: Scenario = {
  segmentEvent: {
    value: "string",
    default: "indicator",
    anonymousContexts: true,
    fallbackAnonymousKinds: [],
    extras: [],
    implausibleTime: "keep",
  },
  experiments: true,
  window: {},
  enablement: everythingEnabled,
  destinations: threeDestinations.slice(0, 1),
  maxEventBytes: 32_768,
};
export const scenarios: Record<string, Scenario> = {
  "as it is shipped": defaults,
  "two destinations, every setting another": {
    ...defaults,
    segmentEvent: {
      ...defaults.segmentEvent,
      value: "native",
      default: "strict-variation",
      anonymousContexts: false,
      fallbackAnonymousKinds: ["device"],
      implausibleTime: "dead-letter",
    },
    experiments: false,
    destinations: threeDestinations,
    maxEventBytes: 500,
  },
  "some flags, no events, a stretch of time": {
    ...defaults,
    window: { since: "1990-01-01", until: "2026-01-01T00:00:01Z" },
    enablement: {
      forEnvironment: (project) =>
        project === "default"
          ? undefined
          : { allFlags: false, events: false, flags: new Set(["new-checkout", "dark-mode", "a"]) },
    },
  },
};

/** Now and then a byte is another, is gone, or the end is missing. */
const damaged = (sound: fc.Arbitrary<Buffer>) =>
  fc
    .tuple(sound, fc.option(fc.tuple(fc.nat(), fc.nat(255), fc.nat(3)), { freq: 4 }))
    .map(([whole, damage]) => {
      if (!damage || whole.length === 0) return whole;
      const [where, byte, how] = damage;
      const at = where % whole.length;
      if (how === 0) return whole.subarray(0, at);
      if (how === 1) return Buffer.concat([whole.subarray(0, at), whole.subarray(at + 1)]);
      const other = Buffer.from(whole);
      other[at] = byte;
      return other;
    });

export const datum = damaged(anyExportEvent.map(encodedOrEmpty));

/** Members that are of other types than documented, or none: what a line of JSON may hold and a datum may not. */
const oddMember = fc.tuple(
  fc.constantFrom(
    ...["project", "version", "event", "event.kind", "event.id", "event.key", "event.userKey"].concat(
      ["event.reason", "event.contextKeys", "event.context", "event.creationDate", "event.metricValue"],
      ["event.value", "event.default", "event.url", "event.variation", "event.reason.inExperiment"],
    ),
  ),
  fc.oneof(
    fc.constantFrom(null, true, "", 'a"b\\', "\u2028", 0, -0, 1.5e300, 1e21, 0.1, 12345678.25, {}, []),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.jsonValue({ maxDepth: 2 }),
  ),
);

export const line = damaged(
  fc
    .tuple(
      anyExportEvent,
      fc.option(oddMember, { freq: 3 }),
      fc.constantFrom(undefined, undefined, " ", "\t"),
      fc.constantFrom(
        "",
        "",
        "",
        "\r",
        " \n\n",
        "\ufeff",
        "\u0000",
        "x",
        ',"event":{}}',
        '{"project":"default"}',
      ),
    )
    .map(([event, odd, space, tail]) => {
      const whole = odd ? withMember(event, odd[0].split("."), odd[1]) : event;
      return Buffer.from((JSON.stringify(whole, undefined, space) ?? "").replaceAll("\n", " ") + tail);
    }),
);

function withMember(value: unknown, [name, ...below]: readonly string[], member: unknown): unknown {
  if (name === undefined) return member;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return { ...value, [name]: withMember((value as Record<string, unknown>)[name] ?? {}, below, member) };
}

function encodedOrEmpty(event: unknown): Buffer {
  try {
    return encodeAvro(event as object);
  } catch {
    return Buffer.alloc(0); // Not every event has an Avro form (a project that is no text).
  }
}
