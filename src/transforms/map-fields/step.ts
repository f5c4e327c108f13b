// One step, compiled: a function from event to event.

import type { Origin, RunContext } from "../../engine/contracts.ts";
import { DataError } from "../../engine/errors.ts";
import type { EventDocument } from "../../events/envelope.ts";
import { Evaluator } from "../../expressions/evaluator.ts";
import { compileExpression } from "../../expressions/expression.ts";
import {
  Blocked,
  changePath,
  isPath,
  parsePath,
  readPath,
  REMOVED,
  type Step,
  writePath,
} from "../../expressions/field-path.ts";
import { plainValue } from "../../expressions/plain-value.ts";
import type { Scope } from "../../expressions/scope.ts";
import type { StepConfig } from "./config.ts";

/** `value` holds the event as the steps before left it. Throws DataError expression-failed or field-blocked. */
export type ChangeEvent = (event: EventDocument, value: unknown, origin: Origin) => EventDocument;

/** `undefined`: there is nothing to write. */
type Give = (value: unknown, origin: Origin) => unknown;

export function compileStep(
  step: StepConfig,
  scope: Scope,
  world: Pick<RunContext, "clock" | "log">,
): ChangeEvent {
  const path = (text: string) => stepsOf(text, scope);
  if (step.remove !== undefined) {
    const target = path(step.remove).slice(1);
    return (event) => changePath(event, target, () => REMOVED);
  }
  if (step.rename !== undefined) {
    const from = path(step.rename).slice(1);
    const to = path(step.to!).slice(1);
    return (event) => {
      const found = readPath(event, from);
      return found === undefined
        ? event
        : write(
            changePath(event, from, () => REMOVED),
            to,
            found,
          );
    };
  }
  const give = giver(step, scope, world);
  const target = path((step.set ?? step.default)!).slice(1);
  const onlyMissing = step.default !== undefined;
  return (event, value, origin) => {
    if (onlyMissing && (readPath(event, target) ?? undefined) !== undefined) return event;
    const given = give(value, origin);
    return given === undefined ? event : write(event, target, given);
  };
}

function giver(step: StepConfig, scope: Scope, world: Pick<RunContext, "clock" | "log">): Give {
  if (step.from !== undefined) {
    const from = stepsOf(step.from, scope);
    return (value, origin) => readPath(scope.variables(value, origin), from);
  }
  if (step.cel !== undefined) {
    const compiled = compileExpression(step.cel, { scope, gives: "anything" });
    if ("problems" in compiled) throw new Error("an expression that was not checked at load");
    const evaluator = new Evaluator(compiled.expression, scope, world);
    return (value, origin) => plainValue(evaluator.evaluate(value, origin));
  }
  const { value: constant } = step;
  return () => constant;
}

function stepsOf(text: string, { fields }: Scope): readonly Step[] {
  const parsed = parsePath(text, { fields, wildcards: true, mustBeKnown: false });
  if (!isPath(parsed)) throw new Error("a path that was not checked at load");
  return parsed.steps;
}

function write(event: EventDocument, path: readonly Step[], value: unknown): EventDocument {
  try {
    return writePath(event, path, value);
  } catch (error) {
    if (!(error instanceof Blocked)) throw error;
    const text = path.map(String).join(".");
    throw new DataError("field-blocked", `event.${text} cannot be set: ${error.message}`, { cause: error });
  }
}
