// What a person or program gave, against its schema: every problem at once, each with its place.

import type { TSchema } from "typebox";

import { compile } from "../config/check.ts";
import { findingsOf } from "../config/messages.ts";

export interface InputProblem {
  /** JSON pointer; empty for the whole. */
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** Nothing was changed. Messages never quote a value. */
export class InvalidInput extends Error {
  override readonly name = "InvalidInput";
  constructor(readonly problems: readonly InputProblem[]) {
    super(problems.map(({ message }) => message).join("; "));
  }
}

const MOST_PROBLEMS = 20;

/** Defaults are filled in, in place. Throws InvalidInput. `owner` names the whole: `the destination`. */
export function checkInput<T>(schema: TSchema, value: unknown, owner: string): T {
  const { schema: closed, validate } = compile(schema);
  // Validated against the very schema that T is the type of.
  if (validate(value)) return value as T;
  const failed = {
    errors: validate.errors ?? [],
    value,
    schema: closed,
    path: "",
    owner,
    hidesValues: true,
    references: new Map<string, string>(),
  };
  const problems = findingsOf(failed).map(({ path, code, message, suggestion }) => ({
    path,
    code,
    message: suggestion === undefined ? message : `${message} (did you mean ${suggestion}?)`,
  }));
  throw new InvalidInput(problems.slice(0, MOST_PROBLEMS));
}

export function invalid(path: string, code: string, message: string): InvalidInput {
  return new InvalidInput([{ path, code, message }]);
}
