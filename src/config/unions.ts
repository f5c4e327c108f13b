// A value that fits no branch of a union fails all of them, and the validator reports each failure of each
// branch. A person meant one branch: only its errors are kept.

import type { ErrorObject } from "ajv";

import type { Described } from "./place.ts";
import { escapePointer, pointerParts } from "./positions.ts";
import { schemasAt } from "./schema.ts";
import type { JsonSchema } from "./schema.ts";
import { valueAt } from "./value-at.ts";

export function withoutOtherBranches(errors: readonly ErrorObject[], part: Described): ErrorObject[] {
  let kept = [...errors];
  // Outer unions first: a branch that falls away takes its inner unions along.
  const unions = errors
    .filter((error) => error.keyword === "anyOf" || error.keyword === "oneOf")
    .sort((a, b) => a.schemaPath.length - b.schemaPath.length);
  for (const union of unions) {
    if (kept.includes(union)) kept = keepMeant(union, kept, part);
  }
  return kept;
}

function keepMeant(union: ErrorObject, errors: readonly ErrorObject[], part: Described): ErrorObject[] {
  const inside = (error: ErrorObject) =>
    error !== union &&
    error.schemaPath.startsWith(`${union.schemaPath}/`) &&
    error.instancePath.startsWith(union.instancePath);
  const outside = errors.filter((error) => !inside(error) && error !== union);
  const branches = unionAt(union, part);
  const value = valueAt(part.value, union.instancePath);
  const meant = meantBranch(branches, value);
  if (meant === undefined) return [...outside, wrongTag(union, branches, value) ?? union];
  const branch = errors.filter(
    (error) => inside(error) && error.schemaPath.startsWith(`${union.schemaPath}/${meant}/`),
  );
  return branch.length > 0 ? [...outside, ...branch] : [...outside, union];
}

/** The branch whose constants the value has; else the only one of the value's type; else unknown. */
function meantBranch(branches: readonly JsonSchema[], value: unknown): number | undefined {
  const tagged = branches.findIndex((branch) => sharesTag(branch, value));
  if (tagged !== -1) return tagged;
  const sameType = branches.flatMap((branch, i) => (fitsType(branch, value) ? [i] : []));
  return sameType.length === 1 ? sameType[0] : undefined;
}

/** Follows the error's schema path (`#/properties/a/anyOf`), whose tokens are keywords and names by turns. */
function unionAt(union: ErrorObject, part: Described): readonly JsonSchema[] {
  const found = valueAt(part.schema, decodeURIComponent(union.schemaPath.slice(1)));
  return Array.isArray(found)
    ? (found as JsonSchema[])
    : schemasAt(part.schema, pointerParts(union.instancePath));
}

/** A map whose tag fits no branch: the tag is what is wrong, or missing. */
function wrongTag(
  union: ErrorObject,
  branches: readonly JsonSchema[],
  value: unknown,
): ErrorObject | undefined {
  const [first] = branches;
  if (!first || value === null || typeof value !== "object") return undefined;
  const tag = Object.keys(first.properties ?? {}).find((key) =>
    branches.every((branch) => "const" in (branch.properties?.[key] ?? {})),
  );
  if (tag === undefined) return undefined;
  return Object.hasOwn(value, tag)
    ? { ...union, keyword: "enum", instancePath: `${union.instancePath}/${escapePointer(tag)}`, params: {} }
    : { ...union, keyword: "required", params: { missingProperty: tag }, parentSchema: first };
}

function sharesTag(branch: JsonSchema, value: unknown): boolean {
  if (value === null || typeof value !== "object") return false;
  return Object.entries(branch.properties ?? {}).some(
    ([key, schema]) =>
      "const" in schema && Object.hasOwn(value, key) && schema.const === valueAt(value, `/${key}`),
  );
}

function fitsType(branch: JsonSchema, value: unknown): boolean {
  switch (branch.type) {
    case "object":
      return value !== null && typeof value === "object" && !Array.isArray(value);
    case "array":
      return Array.isArray(value);
    case "integer":
    case "number":
      return typeof value === "number";
    default:
      return branch.type === typeof value;
  }
}
