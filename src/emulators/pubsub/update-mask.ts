// Applies an update: of the fields that the mask names, the new values; of all others, the old ones. Masks name
// top-level fields in snake_case; the deeper paths that the service also takes are refused with a reason.

import { invalid } from "./rpc-error.ts";
import type { FieldMask } from "./wire.ts";

export function masked<T extends object>(
  current: T,
  changes: T,
  mask: FieldMask | null,
  mutable: readonly string[],
): T {
  const paths = mask?.paths ?? [];
  if (paths.length === 0) throw invalid("The update_mask must name at least one field.");
  const updated: { [field: string]: unknown } = Object.fromEntries(Object.entries(current));
  for (const path of paths) {
    const field = path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    if (!mutable.includes(field)) {
      const known = mutable.map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
      throw invalid(
        `Invalid update_mask: ${path.slice(0, 100)} cannot be updated; known: ${known.join(", ")}.`,
      );
    }
    updated[field] = (changes as Record<string, unknown>)[field];
  }
  // Only fields of T were written, with values that a T had in them.
  return updated as T;
}
