// What the compilers need to know of an avsc type, as one discriminated union.

import avro, { type Type } from "avsc";

import { MarkedType } from "./schema.ts";

export interface FieldShape {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly type: Type;
  /** The default in binary form; undefined when the field has none. */
  readonly defaultBytes: Buffer | undefined;
}

export type Shape =
  | { readonly kind: "null" | "boolean" | "int" | "long" | "float" | "double" | "bytes" | "string" }
  | { readonly kind: "fixed"; readonly size: number }
  | { readonly kind: "enum"; readonly symbols: readonly string[]; readonly fallback: string | undefined }
  | { readonly kind: "array"; readonly items: Type }
  | { readonly kind: "map"; readonly values: Type }
  | { readonly kind: "union"; readonly branches: readonly Type[] }
  | { readonly kind: "record"; readonly fields: readonly FieldShape[] };

/** The type under a logical type; any other type itself. */
export function bare(type: Type): Type {
  return type instanceof MarkedType ? type.underlyingType : type;
}

export function shapeOf(marked: Type): Shape {
  const type = bare(marked);
  const { types } = avro;
  if (type instanceof types.FixedType) return { kind: "fixed", size: type.size };
  if (type instanceof types.EnumType) {
    const { default: fallback } = type as unknown as { default?: string };
    return { kind: "enum", symbols: type.symbols, fallback };
  }
  if (type instanceof types.ArrayType) return { kind: "array", items: type.itemsType };
  if (type instanceof types.MapType) return { kind: "map", values: type.valuesType as Type };
  if (type instanceof types.WrappedUnionType) return { kind: "union", branches: type.types };
  if (type instanceof types.RecordType) return { kind: "record", fields: type.fields.map(fieldShape) };
  return { kind: type.typeName as "null" };
}

function fieldShape(field: avro.types.Field): FieldShape {
  const value: unknown = field.defaultValue();
  return {
    name: field.name,
    aliases: field.aliases,
    type: field.type,
    defaultBytes: value === undefined ? undefined : field.type.toBuffer(value),
  };
}

/**
 * The least number of bytes a value of this type takes. A type inside itself counts as 0 there, which is a
 * lower bound and that is all that is asked for. `known` keeps shared types from being walked again and again.
 */
export function leastBytes(type: Type, known: Map<Type, number> = new Map()): number {
  const shape = shapeOf(type);
  switch (shape.kind) {
    case "null":
      return 0;
    case "float":
      return 4;
    case "double":
      return 8;
    case "fixed":
      return shape.size;
    case "union":
      return 1 + Math.min(...shape.branches.map((branch) => leastBytes(branch, known)));
    case "record": {
      const before = known.get(type);
      if (before !== undefined) return before;
      known.set(type, 0);
      const sum = shape.fields.reduce((total, field) => total + leastBytes(field.type, known), 0);
      known.set(type, sum);
      return sum;
    }
    default:
      return 1;
  }
}
