import { compile } from "../../src/config/check.ts";
import type {
  Apply,
  Origin,
  RunContext,
  StageDefinition,
  StageProblem,
  TransformDefinition,
} from "../../src/engine/contracts.ts";
import { DataError } from "../../src/engine/errors.ts";
import { aContext } from "./context.ts";

export const anOrigin: Origin = {
  id: "origin-1",
  body: new Uint8Array(),
  attributes: {},
  publishedAtMs: 0,
  attempt: 1,
  writerSchema: undefined,
};

/** A transform's `apply`, with its configuration checked and its defaults filled in as the loader does. */
export function applyOf(
  definition: TransformDefinition,
  config: object = {},
  context: Partial<RunContext> = {},
): (value: unknown) => ReturnType<Apply<unknown, unknown>> {
  const filled = structuredClone(config);
  const { validate } = compile(definition.config);
  if (!validate(filled)) throw new Error(JSON.stringify(validate.errors));
  const transform = definition.create(filled, aContext(context));
  if (transform instanceof Promise) throw new Error("expected a transform that needs no preparation");
  return (value) => transform.apply(value, anOrigin);
}

/** What a definition's `check` says, where nothing has to be loaded for it. */
export function checkOf(definition: StageDefinition, config: object): readonly StageProblem[] {
  const problems = definition.check?.(config) ?? [];
  if (problems instanceof Promise) throw new Error("expected a check that loads nothing");
  return [...problems];
}

/** The code of the DataError that `act` throws; any other outcome fails. */
export function rejection(act: () => unknown): { code: string; message: string } {
  try {
    act();
  } catch (error) {
    if (error instanceof DataError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("expected a DataError, but nothing was thrown");
}

/** A context that adds up what is counted, by metric and labels. */
export function counting(): { counted: Record<string, number>; count: RunContext["count"] } {
  const counted: Record<string, number> = {};
  return {
    counted,
    count(metric, n, labels = {}) {
      const key = [metric, ...Object.entries(labels).map(([name, value]) => `${name}=${value}`)].join(" ");
      counted[key] = (counted[key] ?? 0) + n;
    },
  };
}
