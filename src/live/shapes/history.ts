import Type, { type Static } from "typebox";

const column = (description: string) => Type.Array(Type.Union([Type.Number(), Type.Null()]), { description });

export const historyRep = Type.Object(
  {
    pipeline: Type.String(),
    stepSeconds: Type.Integer({ description: "1 for the last 5 minutes, 10 for the last hour." }),
    at: Type.Array(Type.Integer(), { description: "Unix ms, oldest first." }),
    received: column("Records a second."),
    values: column("Values a second."),
    delivered: column("Events a second."),
    dropped: column("Values a second."),
    deadLettered: column("Values a second."),
    inFlight: column("Records in flight; the highest of the step."),
    lagMs: column("See `lagMs` of the pipeline; the highest of the step."),
    limiterUse: column("The most used limit of any lane, 0 to 1; the highest of the step."),
    limiterWaitShare: column("Of the lane that waited longest, 0 to 1; the highest of the step."),
  },
  { description: "Columns of equal length; null: not known." },
);

export type History = Static<typeof historyRep>;
