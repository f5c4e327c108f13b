// RFC 6902 and RFC 7386 on a plain JSON document, as far as a destination needs them. Only own keys are seen, so
// that no path reaches a prototype.

import { isDeepStrictEqual } from "node:util";

import Type, { type Static } from "typebox";

import { checkInput, invalid } from "../destinations/check-input.ts";
import { Conflict } from "../destinations/destination-keeper.ts";

const MAX_OPERATIONS = 100;

export const jsonPatch = Type.Array(
  Type.Object(
    {
      op: Type.Union([
        Type.Literal("add"),
        Type.Literal("replace"),
        Type.Literal("remove"),
        Type.Literal("test"),
      ]),
      path: Type.String({ pattern: "^(/[^/]{1,300}){1,6}$", maxLength: 1_000 }),
      value: Type.Optional(Type.Unknown()),
    },
    { additionalProperties: false },
  ),
  { maxItems: MAX_OPERATIONS, description: "JSON Patch (RFC 6902): add, replace, remove, test." },
);

export type JsonPatch = Static<typeof jsonPatch>;
type Map_ = Record<string, unknown>;

/** A changed copy. Throws InvalidInput for a patch that does not fit, Conflict when a `test` fails. */
export function applyJsonPatch(document: object, given: unknown): unknown {
  const operations = checkInput<JsonPatch>(jsonPatch, given, "the patch");
  const copy = structuredClone(document) as Map_;
  for (const [i, operation] of operations.entries()) apply(copy, operation, i);
  return copy;
}

function apply(document: Map_, { op, path, value }: JsonPatch[number], index: number): void {
  const parts = path
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  const key = parts.pop()!;
  const holder = parts.reduce<unknown>((at, part) => member(at, part), document);
  if (!isMap(holder))
    throw invalid(`/${index}/path`, "wrong-path", `operation ${index + 1}: its path leads nowhere`);
  const isThere = Object.hasOwn(holder, key);
  if (op === "test") {
    if (isThere && isDeepStrictEqual(holder[key], value)) return;
    throw new Conflict(
      path === "/version" ? "version-conflict" : "test-failed",
      `The test of ${path} failed: someone changed it; load it again`,
    );
  }
  if (op !== "add" && !isThere)
    throw invalid(`/${index}/path`, "wrong-path", `operation ${index + 1}: there is nothing at its path`);
  if (op === "remove") delete holder[key];
  else setOwn(holder, key, value);
}

/** A changed copy: members of `patch` replace those of the document, `null` takes them away. */
export function applyMergePatch(document: object, patch: unknown): unknown {
  if (!isMap(patch)) return patch;
  const merged: Map_ = { ...(isMap(document) ? document : {}) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else {
      const before = Object.hasOwn(merged, key) ? merged[key] : undefined;
      setOwn(merged, key, isMap(value) ? applyMergePatch(isMap(before) ? before : {}, value) : value);
    }
  }
  return merged;
}

function member(at: unknown, part: string): unknown {
  return isMap(at) && Object.hasOwn(at, part) ? at[part] : undefined;
}

/** Never a setter: a key `__proto__` becomes a key like any other, and is refused as unknown later. */
function setOwn(holder: Map_, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, writable: true, configurable: true });
}

function isMap(value: unknown): value is Map_ {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
