// Keys that are still taken, with a warning: marked `x-deprecated` in their schema, with since when and what to write
// instead. A key is marked for at least one minor version before it goes; its removal stands in the CHANGELOG.

import { escapePointer } from "./positions.ts";
import type { JsonSchema } from "./schema.ts";

export interface DeprecatedKey {
  /** JSON pointer in the file. */
  readonly path: string;
  readonly key: string;
  readonly instead: string;
}

/** Those that are written in `value`, which stands at `path`. */
export function* deprecatedKeys(value: unknown, schema: JsonSchema, path: string): Generator<DeprecatedKey> {
  for (const branch of schema.anyOf ?? schema.oneOf ?? []) yield* deprecatedKeys(value, branch, path);
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries())
      if (schema.items) yield* deprecatedKeys(item, schema.items, `${path}/${i}`);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(schema.properties ?? {})) {
    if (!Object.hasOwn(value, key)) continue;
    const at = `${path}/${escapePointer(key)}`;
    const instead = inner["x-deprecated"];
    if (instead !== undefined) yield { path: at, key, instead };
    yield* deprecatedKeys((value as Readonly<Record<string, unknown>>)[key], inner, at);
  }
}
