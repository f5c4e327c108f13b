import type { Type } from "avsc";
import fc from "fast-check";

import { bare, shapeOf } from "../../src/avro/type-shape.ts";

/** A schema without names; `render` gives each record, enum and fixed one of its own. */
type Tree =
  | { readonly kind: "primitive"; readonly name: string }
  | { readonly kind: "fixed"; readonly size: number }
  | { readonly kind: "enum"; readonly symbols: number }
  | { readonly kind: "array" | "map"; readonly inner: Tree }
  | { readonly kind: "record"; readonly fields: readonly Tree[] }
  | { readonly kind: "union"; readonly branches: readonly Tree[] };

const primitive = fc
  .constantFrom("null", "boolean", "int", "long", "float", "double", "bytes", "string")
  .map((name): Tree => ({ kind: "primitive", name }));
const fixed = fc.integer({ min: 0, max: 20 }).map((size): Tree => ({ kind: "fixed", size }));
const enumeration = fc.integer({ min: 1, max: 5 }).map((symbols): Tree => ({ kind: "enum", symbols }));

const { tree } = fc.letrec<{ tree: Tree; single: Tree }>((tie) => ({
  single: fc.oneof(
    { maxDepth: 4, depthIdentifier: "schema" },
    primitive,
    fixed,
    enumeration,
    fc.record({ kind: fc.constantFrom("array" as const, "map" as const), inner: tie("tree") }),
    fc.record({ kind: fc.constant("record" as const), fields: fc.array(tie("tree"), { maxLength: 5 }) }),
  ),
  tree: fc.oneof(
    { maxDepth: 4, depthIdentifier: "schema" },
    tie("single"),
    fc.record({
      kind: fc.constant("union" as const),
      branches: fc.uniqueArray(tie("single"), { minLength: 1, maxLength: 4, selector: branchKey }),
    }),
  ),
}));

/** Unnamed types may stand in a union once, named ones as often as they like. */
function branchKey(branch: Tree): unknown {
  if (branch.kind === "primitive") return branch.name;
  return branch.kind === "array" || branch.kind === "map" ? branch.kind : branch;
}

/** The JSON of a valid schema of any shape. */
export const anySchema: fc.Arbitrary<unknown> = tree.map((root) => {
  let named = 0;
  const render = (node: Tree): unknown => {
    switch (node.kind) {
      case "primitive":
        return node.name;
      case "fixed":
        return { type: "fixed", name: `N${named++}`, size: node.size };
      case "enum":
        return {
          type: "enum",
          name: `N${named++}`,
          symbols: Array.from({ length: node.symbols }, (_, i) => `S${i}`),
        };
      case "array":
        return { type: "array", items: render(node.inner) };
      case "map":
        return { type: "map", values: render(node.inner) };
      case "union":
        return node.branches.map(render);
      case "record":
        return {
          type: "record",
          name: `N${named++}`,
          fields: node.fields.map((field, index) => ({ name: `f${index}`, type: render(field) })),
        };
    }
  };
  return render(root);
});

export interface Sample {
  /** What avsc encodes, with wrapped unions. */
  readonly datum: unknown;
  /** What the decoder must give; undefined for null. */
  readonly plain: unknown;
}

const text = fc.string({ unit: "binary", maxLength: 40 });
/** What avsc can write: it loses digits below -2^52 and refuses the last two numbers of the range. */
const writableLong = fc.maxSafeInteger().filter((value) => value > -(2 ** 52) && value < 2 ** 53 - 2);

/** A datum of a type, both as it is written and as it must be read. */
export function anyDatum(type: Type): fc.Arbitrary<Sample> {
  const shape = shapeOf(type);
  const same = (arbitrary: fc.Arbitrary<unknown>) =>
    arbitrary.map((value) => ({ datum: value, plain: value }));
  switch (shape.kind) {
    case "null":
      return fc.constant({ datum: null, plain: undefined });
    case "boolean":
      return same(fc.boolean());
    case "int":
      return same(fc.integer());
    case "long":
      return same(fc.oneof(writableLong, fc.integer()));
    case "float":
      return same(fc.float({ noNaN: true, noDefaultInfinity: true }));
    case "double":
      return same(fc.double({ noNaN: true, noDefaultInfinity: true }));
    case "string":
      return same(text);
    case "bytes":
      return fc.uint8Array({ maxLength: 30 }).map(bytesSample);
    case "fixed":
      return fc.uint8Array({ minLength: shape.size, maxLength: shape.size }).map(bytesSample);
    case "enum":
      return same(fc.constantFrom(...shape.symbols));
    case "array":
      return fc.array(anyDatum(shape.items), { maxLength: 4 }).map((items) => ({
        datum: items.map((item) => item.datum),
        plain: items.map((item) => item.plain ?? null),
      }));
    case "map":
      return fc.dictionary(text, anyDatum(shape.values), { maxKeys: 4 }).map(mapSample);
    case "union":
      return fc.oneof(
        ...shape.branches.map((branch) => anyDatum(branch).map((value) => wrap(branch, value))),
      );
    case "record":
      return fc.tuple(...shape.fields.map((field) => anyDatum(field.type))).map((values) => {
        const pairs = shape.fields.map((field, index) => [field.name, values[index]!] as const);
        const present = pairs.filter(([, value]) => value.plain !== undefined);
        return {
          datum: Object.fromEntries(pairs.map(([name, value]) => [name, value.datum])),
          plain: Object.fromEntries(present.map(([name, value]) => [name, value.plain])),
        };
      });
  }
}

function bytesSample(bytes: Uint8Array): Sample {
  return { datum: Buffer.from(bytes), plain: Buffer.from(bytes).toString("base64") };
}

function mapSample(entries: Record<string, Sample>): Sample {
  const pairs = Object.entries(entries).filter(([key]) => key !== "__proto__");
  return {
    datum: Object.fromEntries(pairs.map(([key, value]) => [key, value.datum])),
    plain: Object.fromEntries(pairs.map(([key, value]) => [key, value.plain ?? null])),
  };
}

function wrap(branch: Type, { datum, plain }: Sample): Sample {
  const name = bare(branch).branchName;
  return { datum: name === "null" || name === undefined ? null : { [name]: datum }, plain };
}

/** Ways in which bytes go bad: a flipped byte, a cut, an insertion, an edited length. */
export const anyDamage = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: fc.constantFrom("flip", "cut", "insert", "huge" as const),
  byte: fc.integer({ min: 0, max: 255 }),
});

export function damaged(
  bytes: Buffer,
  damages: readonly { at: number; kind: string; byte: number }[],
): Buffer {
  return damages.reduce((now, { at, kind, byte }) => {
    const index = Math.min(now.length, Math.floor(at * now.length));
    const [head, tail] = [now.subarray(0, index), now.subarray(index)];
    if (kind === "cut") return Buffer.from(head);
    if (kind === "insert") return Buffer.concat([head, Buffer.from([byte]), tail]);
    if (kind === "huge") return Buffer.concat([head, Buffer.from("80a0d9e61d", "hex"), tail.subarray(1)]);
    const copy = Buffer.from(now);
    if (copy.length > 0) copy[Math.min(index, copy.length - 1)] = byte;
    return copy;
  }, bytes);
}

/** 2,000 quickly; SLUICE_FUZZ_RUNS raises it. */
export const fuzzRuns = Number(process.env["SLUICE_FUZZ_RUNS"] ?? 2_000);

export const fuzzTimeoutMs = 30_000 + 20 * fuzzRuns;
