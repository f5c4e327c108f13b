// Which type may be read as which (Apache Avro specification, "Schema Resolution").

import type { Type } from "avsc";

import { bare, type FieldShape, shapeOf } from "./type-shape.ts";

/** Writer kind -> reader kinds that it is promoted to. */
const PROMOTIONS: Readonly<Record<string, readonly string[]>> = {
  int: ["long", "float", "double"],
  long: ["float", "double"],
  float: ["double"],
  string: ["bytes"],
  bytes: ["string"],
};

export function isPromoted(writerKind: string, readerKind: string): boolean {
  return writerKind === readerKind || (PROMOTIONS[writerKind] ?? []).includes(readerKind);
}

/** Names match without their namespace, or by an alias of the reader. */
export function namesMatch(writer: Type, reader: Type): boolean {
  const name = bare(writer).name;
  const { name: readerName, aliases } = bare(reader);
  if (name === undefined || readerName === undefined) return true;
  return unqualified(name) === unqualified(readerName) || (aliases ?? []).includes(name);
}

function unqualified(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

/**
 * The branches of a reader's union in the order in which to try them for a writer's type: the same type first,
 * then one of its kind, then what it may be promoted to. Schema order decides between equals.
 */
export function branchesByLikeness(writer: Type, branches: readonly Type[]): Type[] {
  const likeness = (branch: Type): number => {
    if (shapeOf(branch).kind !== shapeOf(writer).kind) return 2;
    return bare(branch).name === bare(writer).name ? 0 : 1;
  };
  return [...branches].sort((a, b) => likeness(a) - likeness(b));
}

/** For each of the writer's fields the index of the reader's field that takes it, or -1. A string: no match, and why. */
export function matchFields(
  writer: readonly FieldShape[],
  reader: readonly FieldShape[],
): readonly number[] | string {
  const taken = writer.map(() => -1);
  for (const [index, field] of reader.entries()) {
    const sources = writer.flatMap(({ name }, at) =>
      name === field.name || field.aliases.includes(name) ? [at] : [],
    );
    const byName = sources.find((at) => writer[at]!.name === field.name) ?? sources[0];
    if (byName === undefined) {
      if (field.defaultBytes === undefined) return `field ${field.name} has no default and was not written`;
    } else if (taken[byName] !== -1) {
      return `fields ${reader[taken[byName]!]!.name} and ${field.name} are both read from ${writer[byName]!.name}`;
    } else {
      taken[byName] = index;
    }
  }
  return taken;
}
