// Tells by its first bytes what a body is, for `encoding: auto`:
//
//   C3 01   single-object encoding
//   1F 8B   gzip, of any of the others but gzip
//   7B `{`  LaunchDarkly's plain JSON
//   else    a raw Avro datum of our own schema
//
// A datum cannot be mistaken for one of the first three when it begins with a string, as our published schema
// does: Avro writes its length first, zigzag-encoded, and a first byte that is odd makes a negative number. C3, 1F
// and 7B are all odd, and no string has a negative length. The same holds for bytes, unions and enums; a boolean is
// 0 or 1. A number, an array or a fixed could begin with anything.

import type { Type } from "avsc";

import { shapeOf } from "../../avro/type-shape.ts";

export type Detected = "single-object" | "gzip" | "plain-json" | "binary";

export function detect(body: Uint8Array): Detected {
  switch (body[0]) {
    case 0x7b:
      return "plain-json";
    case 0xc3:
      return body[1] === 0x01 ? "single-object" : "binary";
    case 0x1f:
      return body[1] === 0x8b ? "gzip" : "binary";
    default:
      return "binary";
  }
}

/** Whether a raw datum of this schema always shows as one. */
export function isDetectable(schema: Type): boolean {
  let shape = shapeOf(schema);
  for (let depth = 0; shape.kind === "record" && depth < 64; depth++) {
    const [first] = shape.fields;
    if (!first) return false;
    shape = shapeOf(first.type);
  }
  return ["string", "bytes", "union", "enum", "boolean"].includes(shape.kind);
}
