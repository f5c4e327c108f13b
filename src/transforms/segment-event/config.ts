// What a data engineer may change about the mapping. The defaults give what LaunchDarkly's own Segment
// destination sends.

import Type, { type Static } from "typebox";

export const config = Type.Object(
  {
    value: Type.Union([Type.Literal("string"), Type.Literal("native")], {
      default: "string",
      description:
        "How a flag's value is written. `string`: always a text, because a warehouse fixes a column's type by the first value it sees. `native`: as the JSON value it is.",
    }),
    default: Type.Union([Type.Literal("indicator"), Type.Literal("strict-variation")], {
      default: "indicator",
      description:
        'How `default` is read; it is always written as "true" (the fallback was served) or "false". `indicator`: a boolean says it itself. `strict-variation`: false whenever a variation was served, for raw SDK events in which `default` is the fallback value.',
    }),
    anonymousContexts: Type.Boolean({
      default: true,
      description:
        "Whether the key of a context marked `anonymous: true` becomes the anonymousId in place of the userId. Off: the context kind alone decides.",
    }),
    fallbackAnonymousKinds: Type.Array(Type.String({ minLength: 1, maxLength: 128 }), {
      default: [],
      maxItems: 20,
      uniqueItems: true,
      description:
        "Context kinds that may stand in when an event has neither a user nor an anonymous user: the anonymousId is then `<kind>:<key>` of the first one found. Each such id is a billable user at Segment.",
    }),
    extras: Type.Array(
      Type.Union([Type.Literal("data"), Type.Literal("reason"), Type.Literal("samplingRatio")]),
      {
        default: [],
        maxItems: 3,
        uniqueItems: true,
        description:
          "Fields that LaunchDarkly's own destination leaves out: `data` of custom events, the whole `reason`, `samplingRatio`.",
      },
    ),
    implausibleTime: Type.Union([Type.Literal("keep"), Type.Literal("dead-letter")], {
      default: "keep",
      description:
        "What to do with an event dated more than a day ahead. Both are counted in `implausible_times_total`; `dead-letter` keeps such events from Segment.",
    }),
  },
  { additionalProperties: false },
);

export type SegmentEventConfig = Static<typeof config>;

export const example = {
  value: "native",
  default: "strict-variation",
  anonymousContexts: false,
  fallbackAnonymousKinds: ["device", "organization"],
  extras: ["data", "samplingRatio"],
  implausibleTime: "dead-letter",
} as const;
