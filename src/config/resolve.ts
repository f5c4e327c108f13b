// Puts values in the place of references, in a part of a definition that is about to be validated.

import { resolve as resolvePath } from "node:path";

import { escapePointer, pointerParts } from "./positions.ts";
import { looksSecret, mayRefer, plainScalar, readScalar, referenceName } from "./references.ts";
import type { Reference } from "./references.ts";
import { schemasAt, typesOf } from "./schema.ts";
import type { JsonSchema } from "./schema.ts";
import type { SecretScrubber } from "./scrubber.ts";
import type { Outside } from "./outside.ts";
import type { YamlFile } from "./yaml-file.ts";
import { readText } from "./yaml-file.ts";

const MAX_VALUE_BYTES = 64 * 1024;

export interface ResolveContext {
  readonly outside: Outside;
  /** `${file:…}` paths start here. */
  readonly baseDir: string;
  readonly scrubber: SecretScrubber;
  /** Secrets are not needed for what is about to be done; a missing one is no problem. */
  readonly withoutSecrets?: boolean;
}

export interface Resolved {
  readonly value: unknown;
  /** Where a reference stood -> how it was written, to be shown in place of its value. */
  readonly references: ReadonlyMap<string, string>;
  /** Places without a value, already reported. */
  readonly broken: ReadonlySet<string>;
}

interface Spot {
  readonly path: string;
  readonly text: string;
  readonly holder: object;
  readonly key: string;
}

/** `path` is where `value` stands in the file; `schema` describes `value`. `value` itself is not changed. */
export async function resolveReferences(
  part: { value: unknown; path: string; schema: JsonSchema },
  file: YamlFile,
  context: ResolveContext,
): Promise<Resolved> {
  const box = { value: part.value };
  const spots: Spot[] = [];
  copyInto(box, "value", part.value, part.path, spots);
  const references = new Map<string, string>();
  const broken = new Set<string>();
  for (const spot of file.mayHoldReferences ? spots : []) {
    const places = schemasAt(part.schema, pointerParts(spot.path.slice(part.path.length)));
    const outcome = await resolveOne(spot.text, places, context);
    if ("problem" in outcome) {
      file.add({ ...outcome.problem, path: spot.path });
      broken.add(spot.path);
      continue;
    }
    setOwn(spot.holder, spot.key, outcome.value);
    if (outcome.reference) references.set(spot.path, referenceName(outcome.reference));
  }
  return { value: box.value, references, broken };
}

type Outcome = { value: unknown; reference?: Reference } | { problem: Missing };

async function resolveOne(
  written: string,
  places: readonly JsonSchema[],
  context: ResolveContext,
): Promise<Outcome> {
  const scalar = readScalar(written);
  if (scalar.is === "text") return { value: scalar.text };
  if (scalar.is === "wrong") return { problem: scalar };
  const { reference } = scalar;
  const secret = places.some((place) => place["x-secret"] === true);
  const found = await fetchValue(reference, context);
  if (typeof found === "string") {
    if (secret || isSecret(reference, found)) context.scrubber.add(found);
    return { value: asTypeOf(found, places), reference };
  }
  return secret && context.withoutSecrets ? { value: "not-needed", reference } : { problem: found };
}

/** Copies `value` to `holder[key]`, noting each text that may be a reference. */
function copyInto(holder: object, key: string, value: unknown, path: string, spots: Spot[]): void {
  if (value === null || typeof value !== "object") {
    if (typeof value === "string" && mayRefer(value)) spots.push({ path, text: value, holder, key });
    setOwn(holder, key, value);
    return;
  }
  const inner = Array.isArray(value) ? [] : {};
  for (const [k, item] of Object.entries(value)) {
    copyInto(inner, k, item, `${path}/${escapePointer(k)}`, spots);
  }
  setOwn(holder, key, inner);
}

/** Never a setter: a key `__proto__` becomes a key like any other. */
function setOwn(holder: object, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, writable: true, configurable: true });
}

/** Where the schema takes a number or true/false and no text, the text is read as YAML would read it. */
function asTypeOf(text: string, places: readonly JsonSchema[]): unknown {
  const types = typesOf(places);
  if (types.size === 0 || types.has("string")) return text;
  return plainScalar(text);
}

function isSecret(reference: Reference, value: string): boolean {
  if (reference.kind === "file") return true;
  return value !== reference.fallback && looksSecret(reference.name);
}

type Missing = { readonly code: string; readonly message: string };

async function fetchValue(reference: Reference, context: ResolveContext): Promise<string | Missing> {
  if (reference.kind === "file") return fetchFile(reference.path, context);
  const { name, fallback } = reference;
  const value = context.outside.env[name] || fallback;
  if (value !== undefined) return value;
  const state = context.outside.env[name] === "" ? "empty" : "not set";
  const message = `the environment variable ${name} is ${state}; set it, or write \${${name}:-default}`;
  return { code: "unset-variable", message };
}

async function fetchFile(path: string, context: ResolveContext): Promise<string | Missing> {
  const text = await readText(resolvePath(context.baseDir, path), MAX_VALUE_BYTES, context.outside);
  if (typeof text !== "string") return { code: text.code, message: `\${file:${path}}: ${text.message}` };
  return text.replace(/\r?\n$/, "");
}
