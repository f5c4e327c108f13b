import Type, { type Static } from "typebox";

const at = (description: string) => Type.String({ description: `${description} ISO 8601 with ms, UTC.` });

export const recentEventRep = Type.Object(
  {
    seq: Type.Integer({ description: "Grows by one: ask with `after` for what is newer." }),
    at: at("When the outcome was known."),
    pipeline: Type.String(),
    outcome: Type.String({ description: "delivered, dropped or dead-lettered." }),
    id: Type.String({ description: "The record: Pub/Sub message id, or file:offset#index." }),
    kind: Type.Optional(
      Type.String({ description: "Of the export event: feature, click, custom, pageview, …" }),
    ),
    key: Type.Optional(Type.String({ description: "Of the export event: the flag's or the event's key." })),
    eventId: Type.Optional(Type.String({ description: "`event.id` of the export event." })),
    environment: Type.Optional(Type.String()),
    messageId: Type.Optional(Type.String({ description: "Of the Segment event." })),
    destination: Type.Optional(Type.String({ description: "Lane: the destination's id." })),
    stage: Type.Optional(Type.String({ description: "Where it was dropped or rejected." })),
    reason: Type.Optional(Type.String({ description: "Of the drop, or the dead letter's code." })),
    detail: Type.Optional(
      Type.String({ description: "Of the drop (a flag key, say), or the dead letter's message." }),
    ),
    attempt: Type.Integer({ description: "Delivery attempt of the record." }),
    bytes: Type.Integer({ description: "Of the record's body." }),
    exportEvent: Type.Optional(
      Type.Unknown({ description: "As decoded, masked; absent when it was not decoded, or is over 16 kB." }),
    ),
    segmentEvent: Type.Optional(Type.Unknown({ description: "As sent, masked." })),
  },
  {
    description:
      "One event and what became of it. A sample: at most 5 a second of each outcome of a pipeline are kept.",
  },
);

export const recentRep = Type.Object({
  items: Type.Array(recentEventRep, { description: "Newest first." }),
  seen: Type.Object(
    { delivered: Type.Integer(), dropped: Type.Integer(), deadLettered: Type.Integer() },
    { description: "Events that came by, of which these are a sample." },
  ),
});

export type RecentEvent = Static<typeof recentEventRep>;
