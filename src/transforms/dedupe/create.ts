// The key of an event, for the engine to remember. CEL is loaded with this file.

import { hash } from "node:crypto";

import type { Origin, RunContext, StageProblem, Transform } from "../../engine/contracts.ts";
import { DataError } from "../../engine/errors.ts";
import { checkEnvelope } from "../../events/envelope.ts";
import { Evaluator } from "../../expressions/evaluator.ts";
import { compileExpression } from "../../expressions/expression.ts";
import { expressionProblems } from "../../expressions/expression-problems.ts";
import { isPath, parsePath, readPath } from "../../expressions/field-path.ts";
import { pathProblems } from "../../expressions/path-problems.ts";
import { plainValue } from "../../expressions/plain-value.ts";
import { type Scope, scopeOf } from "../../expressions/scope.ts";
import type { DedupeConfig } from "../dedupe.ts";
import { canonicalJson, eventIdentity, messageIdPrefix } from "../segment-event/message-id.ts";

/** A longer key is remembered by its hash: memory is bounded by the number of keys. */
const LONGEST_KEY = 64;

type KeyOf = (value: unknown, origin: Origin) => unknown;

export function* dedupeProblems({ on, by }: DedupeConfig): Iterable<StageProblem> {
  if (by === undefined) return;
  const scope = scopeOf(on, { repeatable: false });
  if (pathIn(by, scope))
    yield* pathProblems(["by"], by, { fields: scope.fields, mustBeKnown: true, target: false });
  else yield* expressionProblems(["by"], by, { scope, gives: "anything" });
}

export function createDedupe(
  { on, by, windowMs, maxKeys, onError }: DedupeConfig,
  { clock, log }: RunContext,
): Transform {
  const scope = scopeOf(on, { repeatable: false });
  const find = by === undefined ? ownKey(on) : keyBy(by, scope, { clock, log });
  return {
    apply: (value) => value,
    once: {
      windowMs,
      maxKeys,
      keyOf(value, origin) {
        if (scope.isTest(value)) return undefined;
        try {
          return keyText(find(value, origin));
        } catch (error) {
          const passes =
            onError === "keep" && error instanceof DataError && error.code === "expression-failed";
          if (!passes) throw error;
          return undefined;
        }
      },
    },
  };
}

function pathIn(by: string, { fields }: Scope) {
  const parsed = parsePath(by, { fields, mustBeKnown: false });
  return isPath(parsed) ? parsed : undefined;
}

function keyBy(by: string, scope: Scope, world: Pick<RunContext, "clock" | "log">): KeyOf {
  const path = pathIn(by, scope);
  if (path) return (value, origin) => readPath(scope.variables(value, origin), path.steps);
  const compiled = compileExpression(by, { scope, gives: "anything" });
  if ("problems" in compiled) throw new Error("an expression that was not checked at load");
  const evaluator = new Evaluator(compiled.expression, scope, world);
  return (value, origin) => plainValue(evaluator.evaluate(value, origin));
}

/** Without `by`: what makes the messageId too, so that both see the same events as one. */
function ownKey(on: DedupeConfig["on"]): KeyOf {
  const scope = scopeOf(on, { repeatable: true });
  if (on === "segment-event") return (value) => scope.event(value)["messageId"];
  return (value) => {
    checkEnvelope(value);
    const { project, environment, event } = value;
    return messageIdPrefix({ destination: "", project, environment }) + eventIdentity(event);
  };
}

/** A text and a number that look the same are different keys. */
function keyText(key: unknown): string | undefined {
  if (key === undefined || key === null || key === "") return undefined;
  const text = typeof key === "string" ? `=${key}` : `j${canonicalJson(key)}`;
  return text.length <= LONGEST_KEY ? text : `#${hash("sha256", text, "base64url")}`;
}
