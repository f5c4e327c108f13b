// A step names one thing to do, and where its value comes from:
//
//   set, default   need one of value, from, cel       rename   needs to       remove   stands alone

import Type, { type Static } from "typebox";

import type { StageProblem } from "../../engine/contracts.ts";
import { isForbiddenName } from "../../expressions/field-path.ts";
import { MAX_EXPRESSION_CHARACTERS, MAX_PATH_CHARACTERS } from "../../expressions/limits.ts";
import { onShape } from "../../expressions/on-shape.ts";
import { type Scope, scopeOf } from "../../expressions/scope.ts";
import { expressionProblems, pathProblems } from "../../expressions/stage-problems.ts";

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
const valueKeys = ["value", "from", "cel"] as const;

export function* checkSteps({ on, steps }: MapFieldsConfig): Iterable<StageProblem> {
  const scope = scopeOf(on, { repeatable: true });
  for (const [i, one] of steps.entries()) yield* checkStep(["steps", i], one, scope);
}

function* checkStep(
  at: readonly (string | number)[],
  step: StepConfig,
  scope: Scope,
): Iterable<StageProblem> {
  const wrong = misfit(step);
  if (wrong !== undefined) return yield { path: at, code: "bad-step", message: wrong };
  const { fields } = scope;
  for (const key of ["set", "default"] as const) {
    const text = step[key];
    if (text !== undefined)
      yield* pathProblems([...at, key], text, { fields, mustBeKnown: false, target: true });
  }
  const changed = { fields, mustBeKnown: true, target: true };
  if (step.remove !== undefined)
    yield* pathProblems([...at, "remove"], step.remove, { ...changed, wildcards: true });
  if (step.rename !== undefined) yield* pathProblems([...at, "rename"], step.rename, changed);
  if (step.to !== undefined) yield* pathProblems([...at, "to"], step.to, { ...changed, mustBeKnown: false });
  if (step.from !== undefined) yield* pathProblems([...at, "from"], step.from, { ...changed, target: false });
  if (step.cel !== undefined)
    yield* expressionProblems([...at, "cel"], step.cel, { scope, gives: "anything" });
  if (hasForbiddenKey(step.value))
    yield {
      path: [...at, "value"],
      code: "bad-step",
      message: "value holds a key named like JavaScript's own (__proto__, constructor, prototype)",
    };
}

function misfit(step: StepConfig): string | undefined {
  const written = verbs.filter((verb) => step[verb] !== undefined);
  const values = valueKeys.filter((key) => step[key] !== undefined);
  const [verb] = written;
  if (verb === undefined || written.length > 1)
    return `a step does one thing: ${verbs.join(", ")}; this one has ${written.join(" and ") || "none of them"}`;
  if (verb === "rename" && step.to === undefined) return "rename needs the key to";
  if (verb !== "rename" && step.to !== undefined) return `to belongs to rename, not to ${verb}`;
  const takesValue = verb === "set" || verb === "default";
  if (takesValue && values.length !== 1)
    return `${verb} needs one of ${valueKeys.join(", ")}; this one has ${values.join(" and ") || "none of them"}`;
  if (!takesValue && values.length > 0) return `${values.join(" and ")} cannot stand beside ${verb}`;
  return undefined;
}

function hasForbiddenKey(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some(hasForbiddenKey);
  return Object.entries(value).some(([key, inner]) => isForbiddenName(key) || hasForbiddenKey(inner));
}
