// Validates one part of a definition against its schema: references in, defaults in, problems out in our words.

import { Ajv } from "ajv";
import type { ValidateFunction } from "ajv";
import type { TSchema } from "typebox";

import { findingsOf } from "./messages.ts";
import { deprecatedKeys } from "./deprecations.ts";
import { quote } from "./place.ts";
import { resolveReferences } from "./resolve.ts";
import type { ResolveContext } from "./resolve.ts";
import { closedSchema } from "./schema.ts";
import type { JsonSchema } from "./schema.ts";
import { Secret } from "./secret.ts";
import type { SecretScrubber } from "./scrubber.ts";
import type { YamlFile } from "./yaml-file.ts";

export interface Part {
  readonly value: unknown;
  /** JSON pointer of `value` in the file. */
  readonly path: string;
  readonly schema: TSchema;
  /** What the part is, for messages: `source pubsub`, `the pipeline`. */
  readonly owner: string;
  /** A file that is there to hold secrets: no value of it is shown. */
  readonly hidesValues?: boolean;
}

interface Compiled {
  readonly schema: JsonSchema;
  readonly validate: ValidateFunction;
}

const compiled = new WeakMap<TSchema, Compiled>();
let validators: Ajv | undefined;

export interface Checked {
  readonly valid: boolean;
  /** References resolved and defaults filled in as far as possible; secrets are wrapped when `valid`. */
  readonly value: unknown;
}

/** Never throws for what a file holds: the file gets the problems. */
export async function checkPart(part: Part, file: YamlFile, context: ResolveContext): Promise<Checked> {
  const { schema, validate } = compile(part.schema);
  const { value, references, broken } = await resolveReferences({ ...part, schema }, file, context);
  noteSecrets(value, schema, context.scrubber);
  if (validate(value) && broken.size === 0) {
    // `part.value` and not `value`: what a default put there nobody wrote.
    for (const { path, key, instead } of deprecatedKeys(part.value, schema, part.path))
      file.warn({ code: "deprecated-key", path, message: `${quote(key)} is deprecated: ${instead}` });
    return { valid: true, value: wrapSecrets(value, schema) };
  }
  const errors = validate.errors ?? [];
  const { path, owner, hidesValues = false } = part;
  const failed = { errors, value, schema, path, owner, hidesValues, references };
  for (const finding of findingsOf(failed)) {
    if (broken.has(finding.path)) continue;
    file.add({ ...finding, message: context.scrubber.scrub(finding.message) });
  }
  return { valid: false, value };
}

/** Throws when the schema is not strict JSON Schema: a mistake of the stage's author, found by a test. */
export function compile(source: TSchema): Compiled {
  const known = compiled.get(source);
  if (known) return known;
  const schema = closedSchema(source);
  validators ??= newValidators();
  const entry = { schema, validate: validators.compile(schema) };
  compiled.set(source, entry);
  return entry;
}

function newValidators(): Ajv {
  const ajv = new Ajv({
    allErrors: true,
    // Errors carry the schema they come from: inside a union, that of the branch.
    verbose: true,
    useDefaults: true,
    coerceTypes: false,
    strict: true,
    allowUnionTypes: true,
    strictRequired: false,
    ownProperties: true,
    logger: false,
    // Checking the schemas themselves costs more than all of them; the contract tests of the stages do it.
    meta: false,
    validateSchema: false,
  });
  ajv.addVocabulary(["x-secret", "x-file", "x-form", "x-deprecated"]);
  return ajv;
}

/** Before validation, so that no message can quote a secret that is written into the file itself. */
function noteSecrets(value: unknown, schema: JsonSchema, scrubber: SecretScrubber): void {
  mapSecrets(value, schema, (secret) => {
    if (secret !== null && typeof secret !== "object") scrubber.add(String(secret));
    return secret;
  });
}

function wrapSecrets(value: unknown, schema: JsonSchema): unknown {
  return mapSecrets(value, schema, (secret) => (typeof secret === "string" ? new Secret(secret) : secret));
}

/** Replaces the values at the schema's secret places, in place; gives the new root. */
function mapSecrets(value: unknown, schema: JsonSchema, replace: (secret: unknown) => unknown): unknown {
  if (schema["x-secret"] === true) return replace(value);
  for (const branch of schema.anyOf ?? schema.oneOf ?? []) mapSecrets(value, branch, replace);
  if (Array.isArray(value)) {
    const { items } = schema;
    if (!items || !holdsSecrets(items)) return value;
    for (const [i, item] of value.entries()) value[i] = mapSecrets(item, items, replace);
  } else if (value !== null && typeof value === "object" && !(value instanceof Secret)) {
    const map = value as Record<string, unknown>;
    for (const [key, inner] of Object.entries(schema.properties ?? {})) {
      if (Object.hasOwn(map, key)) map[key] = mapSecrets(map[key], inner, replace);
    }
    for (const inner of [...Object.values(schema.patternProperties ?? {}), schema.additionalProperties]) {
      if (typeof inner !== "object" || !holdsSecrets(inner)) continue;
      for (const key of Object.keys(map)) map[key] = mapSecrets(map[key], inner, replace);
    }
  }
  return value;
}

/** Whether a value of this schema may hold a secret. */
export function holdsSecrets(schema: JsonSchema): boolean {
  return JSON.stringify(schema).includes('"x-secret":true');
}
