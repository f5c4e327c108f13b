// What a schema must be before it is compiled. Writer schemas come out of files and registries, so they are as
// hostile as data: compiling is recursive and builds functions from names.

import { DataError } from "../engine/errors.ts";

export const schemaLimits = {
  /** Characters of JSON text. */
  maxChars: 1_000_000,
  /** Objects and arrays inside one another. */
  maxDepth: 100,
  /** Objects, arrays and strings in it, all together. */
  maxNodes: 50_000,
};

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const FORBIDDEN = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Yields the parsed JSON. Throws DataError `avro-bad-schema`. Without `defaults` the defaults of fields are
 * taken out: a writer's are never used, often wrong, and may multiply when they are expanded.
 */
export function parseSchemaJson(json: string, keep: { readonly defaults: boolean }): unknown {
  if (json.length > schemaLimits.maxChars)
    throw badSchema(`it has ${json.length} characters; at most ${schemaLimits.maxChars} are allowed`);
  const schema = parseText(json);
  checkNodes(schema, keep.defaults);
  return schema;
}

export function badSchema(what: string, cause?: unknown): DataError {
  return new DataError("avro-bad-schema", `Not a usable Avro schema: ${what}.`, { cause });
}

function parseText(json: string): unknown {
  // A bare name such as `string` is legal in a registry and in the header of some files.
  if (NAME.test(json)) return json;
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw badSchema("it is not JSON", cause);
  }
}

/** Breadth first, so that no depth can overflow the stack. */
function checkNodes(schema: unknown, defaults: boolean): void {
  let level: unknown[] = [schema];
  let nodes = 0;
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > schemaLimits.maxDepth) throw badSchema(`it is nested deeper than ${schemaLimits.maxDepth}`);
    nodes += level.length;
    if (nodes > schemaLimits.maxNodes) throw badSchema(`it has more than ${schemaLimits.maxNodes} nodes`);
    const next: unknown[] = [];
    for (const node of level) {
      if (Array.isArray(node)) for (const item of node) next.push(item);
      else if (node !== null && typeof node === "object") {
        if (!defaults) Reflect.deleteProperty(node, "default");
        for (const item of childrenOf(node)) next.push(item);
      }
    }
    level = next;
  }
}

function childrenOf(node: object): unknown[] {
  const entries = Object.entries(node);
  for (const [key, value] of entries) {
    if (key === "name" || key === "namespace") checkName(key, value);
    if (key === "aliases" || key === "symbols") checkList(key, value);
  }
  return entries.map(([, value]) => value);
}

function checkName(key: string, value: unknown): void {
  if (key === "namespace" && (value === "" || value === null)) return;
  if (typeof value !== "string" || !value.replace(/^\./, "").split(".").every(isName))
    throw badSchema(`${shown(value)} cannot be a ${key}`);
}

function checkList(key: string, value: unknown): void {
  if (!Array.isArray(value)) throw badSchema(`${key} must be a list`);
  for (const item of value) checkName(key === "symbols" ? "symbol" : "alias", item);
}

function isName(part: string): boolean {
  return NAME.test(part) && !FORBIDDEN.has(part);
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? "undefined").slice(0, 60);
}
