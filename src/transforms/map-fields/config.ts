// A step names one thing to do, and where its value comes from:
//
//   set, default   need one of value, from, cel       rename   needs to       remove   stands alone

import Type, { type Static } from "typebox";

import { MAX_EXPRESSION_CHARACTERS, MAX_PATH_CHARACTERS } from "../../expressions/limits.ts";
import { onShape } from "../../expressions/on-shape.ts";

const MAX_STEPS = 100;

const path = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: MAX_PATH_CHARACTERS, description }));

const step = Type.Object(
  {
    set: path("Path of the field that gets the value; objects on the way are made."),
    default: path("Path of a field that gets the value only if it is missing or null."),
    rename: path("Path of a field that moves to the path `to`; nothing happens when it is missing."),
    remove: path("Path of a field that goes; `*` stands for every member of an object or element of a list."),
    value: Type.Optional(
      Type.Unknown({ description: "A constant: text, number, true, false, null, list or map." }),
    ),
    from: path("Path of the field whose value is copied; nothing happens when it is missing."),
    cel: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: MAX_EXPRESSION_CHARACTERS,
        description:
          "CEL expression that gives the value. It sees what the stage filter's expressions see, without `origin`: the same event has to give the same bytes each time it comes.",
      }),
    ),
    to: path("With rename: the new path."),
  },
  { additionalProperties: false, description: "One change." },
);

export const config = Type.Object(
  {
    on: onShape,
    steps: Type.Array(step, {
      minItems: 1,
      maxItems: MAX_STEPS,
      description: "Changes, made in this order; each sees what the ones before it made.",
    }),
    onError: Type.Union([Type.Literal("dead-letter"), Type.Literal("skip-step")], {
      default: "dead-letter",
      description:
        "What happens when a step cannot be done for an event: its expression fails, or a text stands where an object is needed.",
    }),
  },
  { additionalProperties: false },
);

export type MapFieldsConfig = Static<typeof config>;
export type StepConfig = MapFieldsConfig["steps"][number];

export const verbs = ["set", "default", "rename", "remove"] as const;
