// Compiles a schema into a walk over a datum that ends behind it. It is written out as code: what is ordinary (a number
// of one byte, a short text, a branch) is looked at in place, and everything else, what is wrong first of all, goes to
// the Cursor, which has the checks and the errors. Names never enter the code: only numbers.

import type { Type } from "avsc";

import type { Cursor } from "./cursor.ts";
import { leastBytes, shapeOf } from "./type-shape.ts";

/** Moves a cursor from the start of a datum to its end. Throws DataError as the cursor does. */
export type Skip = (cursor: Cursor) => void;

export function compileSkip(type: Type): Skip {
  const compiler = new SkipCompiler();
  const main = compiler.compile(type);
  const code = `${compiler.functions.join("\n")}\nreturn (c) => { ${within(main)} };`;
  return new Function(code)() as Skip; // It is what was just written.
}

/** The cursor's state in locals, where the compiler keeps it in registers. */
function within(steps: string): string {
  return `const b = c.buf, e = c.end; let p = c.pos; ${steps} c.pos = p;`;
}

/** Left to the cursor. */
function slow(call: string): string {
  return `{ c.pos = p; ${call}; p = c.pos; }`;
}

const ONE_BYTE = 128;

class SkipCompiler {
  readonly functions: string[] = [];
  /** The records met so far, so that recursive ones end. */
  private readonly known = new Map<Type, string>();

  compile(type: Type): string {
    const shape = shapeOf(type);
    switch (shape.kind) {
      case "null":
        return "";
      case "boolean":
        return fixed(1);
      case "int":
      case "long":
      case "enum":
        return `if (p < e && b[p] < ${ONE_BYTE}) p++; else ${slow("c.skipVarint()")}`;
      case "float":
        return fixed(4);
      case "double":
        return fixed(8);
      case "bytes":
      case "string":
        return TEXT;
      case "fixed":
        return fixed(shape.size);
      case "array":
        return items(this.compile(shape.items), leastBytes(shape.items));
      case "map":
        return items(`${TEXT} ${this.compile(shape.values)}`, 1 + leastBytes(shape.values));
      case "union":
        return this.union(shape.branches);
      case "record":
        return slow(`${this.record(type, shape.fields)}(c)`);
    }
  }

  /** A branch's index is doubled, as every number that is not negative. */
  private union(branches: readonly Type[]): string {
    const below = Math.min(2 * branches.length, ONE_BYTE);
    const cases = branches.map((branch, index) => `case ${index}: { ${this.compile(branch)} break; }`);
    return `{ let u = p < e ? b[p] : 1;
      if ((u & 1) === 0 && u < ${below}) { u >>= 1; p++; } else ${slow(`u = c.unionIndex(${branches.length})`)}
      switch (u) { ${cases.join(" ")} } }`;
  }

  private record(type: Type, fields: readonly { readonly type: Type }[]): string {
    const known = this.known.get(type);
    if (known) return known;
    const name = `r${this.known.size}`;
    this.known.set(type, name);
    const steps = fields.map((field) => this.compile(field.type)).join("\n");
    this.functions.push(`function ${name}(c) { c.enter(); ${within(steps)} c.leave(); }`);
    return name;
  }
}

/** A length of one byte, of what is all there. */
const TEXT = `{ const n = p < e ? b[p] : 1;
  if ((n & 1) === 0 && n < ${ONE_BYTE} && n >> 1 < e - p) p += 1 + (n >> 1); else ${slow("c.skipBytes()")} }`;

function fixed(bytes: number): string {
  return `if (e - p >= ${bytes}) p += ${bytes}; else ${slow(`c.skip(${bytes})`)}`;
}

function items(item: string, least: number): string {
  return `c.pos = p; c.enter();
    for (let n = c.blockCount(${least}); n > 0; n = c.blockCount(${least})) {
      const blockEnd = c.blockEnd;
      p = c.pos;
      for (; n > 0; n--) { ${item} }
      c.pos = p;
      c.endBlock(blockEnd);
    }
    c.leave(); p = c.pos;`;
}
