// What an expression gave -> a JSON value that may stand in an event.

import { Optional } from "@marcbachmann/cel-js";

import { DataError } from "../engine/errors.ts";
import { isForbiddenName } from "./field-path.ts";

/** `undefined`: there is no value (an empty optional). Throws DataError expression-failed. */
export function plainValue(value: unknown): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (Number.isFinite(value)) return value;
      throw unfit(String(value));
    case "bigint":
      if (Number.isSafeInteger(Number(value))) return Number(value);
      throw unfit("a whole number beyond 2^53");
    case "object":
      return plainObject(value);
    default:
      throw unfit(`a ${typeof value}`);
  }
}

function plainObject(value: object | null): unknown {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map(plainMember);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Optional) return value.hasValue() ? plainValue(value.value()) : undefined;
  if (value instanceof Map) return plainEntries([...value]);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return plainEntries(Object.entries(value));
  throw unfit("a value that JSON does not have");
}

function plainEntries(entries: readonly (readonly [unknown, unknown])[]): object {
  return Object.fromEntries(
    entries.map(([key, member]) => {
      if (typeof key !== "string" || isForbiddenName(key)) throw unfit("a map with a key that is not taken");
      return [key, plainMember(member)];
    }),
  );
}

/** In a list or a map, nothing is null. */
function plainMember(member: unknown): unknown {
  return member === undefined ? null : (plainValue(member) ?? null);
}

function unfit(what: string): DataError {
  return new DataError("expression-failed", `the expression gives ${what}, which cannot stand in an event`);
}
