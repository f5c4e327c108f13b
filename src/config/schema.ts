// JSON Schema, as far as the loader looks into it itself: closing objects, and finding what a place takes.

import type { TSchema } from "typebox";

export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly "x-secret"?: boolean;
  readonly "x-file"?: true | "avro-schema";
  /** Still taken, with a warning: since when, and what to write instead. */
  readonly "x-deprecated"?: string;
  readonly [keyword: string]: unknown;
}

/**
 * A plain copy with two changes: an object that lists its properties takes no others (unless it says so), and a
 * union of constants is an `enum`, which gives one clear message in place of one for each constant.
 */
export function closedSchema(schema: TSchema): JsonSchema {
  // JSON drops TypeBox's hidden `~kind` marks and nothing else.
  return close(JSON.parse(JSON.stringify(schema)) as JsonSchema);
}

function close(schema: JsonSchema): JsonSchema {
  const constants = schema.anyOf?.every((branch) => "const" in branch) ? schema.anyOf : undefined;
  if (constants) {
    const { anyOf, ...rest } = schema;
    return { ...rest, enum: constants.map((branch) => branch.const) };
  }
  const closed: Record<string, unknown> = { ...schema };
  for (const key of ["properties", "patternProperties"] as const) {
    const children = schema[key];
    if (children) {
      closed[key] = Object.fromEntries(Object.entries(children).map(([k, child]) => [k, close(child)]));
    }
  }
  for (const key of ["anyOf", "oneOf"] as const) {
    if (schema[key]) closed[key] = schema[key].map(close);
  }
  if (schema.items) closed["items"] = close(schema.items);
  if (typeof schema.additionalProperties === "object") {
    closed["additionalProperties"] = close(schema.additionalProperties);
  } else if (schema.properties && schema.additionalProperties === undefined && !schema.patternProperties) {
    closed["additionalProperties"] = false;
  }
  return closed;
}

/** The schemas that may describe a place; several below a union, none for an unknown key. */
export function schemasAt(schema: JsonSchema, parts: readonly string[]): JsonSchema[] {
  let places = branches(schema);
  for (const part of parts) places = places.flatMap((place) => branchesOf(child(place, part)));
  return places;
}

function branchesOf(schema: JsonSchema | undefined): JsonSchema[] {
  return schema ? branches(schema) : [];
}

function branches(schema: JsonSchema): JsonSchema[] {
  const inner = schema.anyOf ?? schema.oneOf;
  return inner ? inner.flatMap(branches) : [schema];
}

function child(schema: JsonSchema, part: string): JsonSchema | undefined {
  if (schema.items) return schema.items;
  if (schema.properties && Object.hasOwn(schema.properties, part)) return schema.properties[part];
  for (const [pattern, inner] of Object.entries(schema.patternProperties ?? {})) {
    if (new RegExp(pattern, "u").test(part)) return inner;
  }
  return typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
}

/** The JSON types that a place takes; empty: anything. */
export function typesOf(places: readonly JsonSchema[]): ReadonlySet<string> {
  const types = places.flatMap((place) => {
    if (place.type !== undefined) return place.type;
    const values = place.enum ?? ("const" in place ? [place.const] : []);
    return values.map((value) => (value === null ? "null" : typeof value));
  });
  return new Set(types);
}
