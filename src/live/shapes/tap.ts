import Type, { type Static } from "typebox";

const at = (description: string) => Type.String({ description: `${description} ISO 8601 with ms, UTC.` });

export const tapValueRep = Type.Object(
  {
    at: at("When it came by."),
    pipeline: Type.String(),
    stage: Type.String({ description: "The stage that it left." }),
    shape: Type.String(),
    id: Type.String({ description: "The record." }),
    attempt: Type.Integer(),
    publishedAt: Type.Optional(Type.String()),
    attributes: Type.Record(Type.String(), Type.String()),
    destination: Type.Optional(Type.String({ description: "Of a Segment event." })),
    value: Type.Unknown({
      description: "Masked. Bytes: as JSON if they are that, else { bytes, base64 } of the first kB.",
    }),
  },
  { description: "Data of an event `value`." },
);

export const tapStateRep = Type.Object(
  {
    seen: Type.Integer({ description: "Values that came by since the tap was opened." }),
    looked: Type.Integer({
      description:
        "Of those, values that were looked at; the others were passed over to stay out of the way.",
    }),
    matched: Type.Integer({ description: "Of those, values for which the expression is true." }),
    failed: Type.Integer({ description: "Values for which the expression could not be worked out." }),
    sent: Type.Integer(),
    dropped: Type.Integer({
      description: "Matching values that were not sent: the reader was too slow, or there were too many.",
    }),
  },
  { description: "Data of an event `state`, once a second, and of `end`." },
);

export type TapValue = Static<typeof tapValueRep>;
export type TapState = Static<typeof tapStateRep>;
