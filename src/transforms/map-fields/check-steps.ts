// What is wrong with the steps, beyond what their schema says. CEL is loaded with this file.

import type { StageProblem } from "../../engine/contracts.ts";
import { isForbiddenName } from "../../expressions/field-path.ts";
import { expressionProblems } from "../../expressions/expression-problems.ts";
import { pathProblems } from "../../expressions/path-problems.ts";
import { type Scope, scopeOf } from "../../expressions/scope.ts";

import { type MapFieldsConfig, type StepConfig, verbs } from "./config.ts";

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
