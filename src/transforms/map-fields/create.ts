// The steps of one `map-fields`, compiled once and done one after another. CEL is loaded with this file.

import type { Origin, RunContext, Transform } from "../../engine/contracts.ts";
import { DataError } from "../../engine/errors.ts";
import { scopeOf } from "../../expressions/scope.ts";
import type { MapFieldsConfig } from "./config.ts";
import { compileStep } from "./step.ts";

export function createMapFields({ on, steps, onError }: MapFieldsConfig, world: RunContext): Transform {
  const scope = scopeOf(on, { repeatable: true });
  const changes = steps.map((step) => compileStep(step, scope, world));
  const mayFail = (error: unknown) =>
    onError === "skip-step" && error instanceof DataError && error.code !== "expression-too-slow";
  return {
    apply(value: unknown, origin: Origin) {
      let current = value;
      for (const change of changes) {
        const event = scope.event(current);
        try {
          const changed = change(event, current, origin);
          if (changed !== event) current = scope.withEvent(current, changed);
        } catch (error) {
          if (!mayFail(error)) throw error;
        }
      }
      return current;
    },
  };
}
