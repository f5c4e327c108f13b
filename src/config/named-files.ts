// Keys marked `x-file` name a file that has to be there: `true` for any file, `"avro-schema"` for one that has to
// be an Avro schema as well.

import { toError } from "../engine/errors.ts";
import { readFailure } from "./outside.ts";
import { quote } from "./place.ts";
import type { ResolveContext } from "./resolve.ts";
import type { JsonSchema } from "./schema.ts";
import { readText } from "./yaml-file.ts";
import type { Finding } from "./yaml-file.ts";

const LARGEST_NAMED_FILE = 16 * 1024 * 1024;

export interface NamedFile {
  /** JSON pointer inside the configuration. */
  readonly path: string;
  /** As it is written there. */
  readonly name: string;
  readonly kind: true | "avro-schema";
}

/** The files that a valid configuration names, at its top level and in lists there. */
export function* namedFiles(config: unknown, schema: JsonSchema): Generator<NamedFile> {
  for (const [key, { items, ...inner }] of Object.entries(schema.properties ?? {})) {
    const value = (config as Readonly<Record<string, unknown>>)[key];
    const kind = inner["x-file"];
    if (kind !== undefined && typeof value === "string") yield { path: `/${key}`, name: value, kind };
    const itemKind = items?.["x-file"];
    if (itemKind === undefined || !Array.isArray(value)) continue;
    for (const [i, name] of value.entries()) {
      if (typeof name === "string") yield { path: `/${key}/${i}`, name, kind: itemKind };
    }
  }
}

/** What is wrong with the file, or undefined. `file` is its absolute path. */
export async function checkNamedFile(
  { name, kind, path }: NamedFile,
  file: string,
  { outside }: ResolveContext,
): Promise<Finding | undefined> {
  if (kind === true) {
    try {
      await outside.readFile(file, LARGEST_NAMED_FILE);
      return undefined;
    } catch (error) {
      return { code: "unreadable-file", path, message: `${quote(name)}: ${readFailure(error)}` };
    }
  }
  const text = await readText(file, LARGEST_NAMED_FILE, outside);
  if (typeof text !== "string") return { code: text.code, path, message: `${quote(name)}: ${text.message}` };
  // Only a pipeline that names a schema pays for loading what reads it.
  const { loadReaderSchema, writerSchema } = await import("../avro/schema.ts");
  try {
    loadReaderSchema(writerSchema(text));
    return undefined;
  } catch (error) {
    const message = `${quote(name)} is not an Avro schema: ${toError(error).message}`;
    return { code: "bad-schema-file", path, message };
  }
}
