// Turns an Avro datum into its plain document: what JSON.parse of LaunchDarkly's own JSON would give.
//
// Compiled once per pair of writer and reader schema into closures over one Cursor: checks, schema resolution
// and plain form in a single pass, so no byte of a hostile datum is trusted and nothing is built twice.
//
// - A union is its value, whichever branch: adding branches never changes the shape of what was there.
// - Null in a record field means that the field is absent. In arrays and maps it stays null.
// - Objects have the fields in the order of the reader's schema. A map key `__proto__` is dropped, as in JSON.
// - A writer's branch or symbol that the reader does not know is an error of that datum, not of its schema.
// - NaN and the infinities have no JSON form: DataError `avro-not-finite`.
// - bytes and fixed are base64, or with `bytes: "view"` a Buffer over the input (for archives).
//
// Inside, `undefined` stands for null; whoever stores it decides between null and absent.

import type { Type } from "avsc";

import { DataError } from "../engine/errors.ts";
import { Cursor } from "./cursor.ts";
import { type DatumLimits, defaultDatumLimits } from "./limits.ts";
import { branchesByLikeness, isPromoted, matchFields, namesMatch } from "./matching.ts";
import type { Read } from "./plain-forms.ts";
import { objectReader, readArray, readMap, type Step } from "./read-containers.ts";
import { readScalar } from "./read-scalar.ts";
import { compileSkip } from "./skip.ts";
import type { AvroSchema } from "./schema.ts";
import { ShortStrings } from "./short-strings.ts";
import { bare, leastBytes, type Shape, shapeOf } from "./type-shape.ts";

/** Decodes `buf[start..end)`, all of it. Throws DataError. Must not be entered twice at once. */
export type Decode = (buf: Buffer, start: number, end: number) => unknown;

export interface DecodeOptions {
  readonly limits?: DatumLimits;
  readonly bytes?: "base64" | "view";
}

/** Throws DataError `avro-incompatible-schema` when nothing of the writer's can be read as the reader's. */
export function compileDecoder(reader: AvroSchema, writer: AvroSchema, options: DecodeOptions = {}): Decode {
  const limits = options.limits ?? defaultDatumLimits;
  const shortStrings = new ShortStrings();
  const newCursor = (): Cursor => new Cursor(limits, shortStrings);
  const read = new Compiler(newCursor, options.bytes ?? "base64").compile(writer.type, reader.type);
  const cursor = newCursor();
  return (buf, start, end) => {
    cursor.reset(buf, start, end);
    const value = read(cursor);
    cursor.finish();
    return value === undefined ? null : value;
  };
}

/** Pairs of types; schemas that refer to themselves in clever ways could ask for any number. */
const MAX_PAIRS = 100_000;

class Compiler {
  /** Pairs of records under way or done, in the order in which they were begun. */
  private readonly known = new Map<Type, Map<Type, Read>>();
  private readonly begun: (readonly [writer: Type, reader: Type])[] = [];
  private pairs = 0;

  constructor(
    private readonly newCursor: () => Cursor,
    private readonly bytes: "base64" | "view",
  ) {}

  compile(writer: Type, reader: Type): Read {
    if (++this.pairs > MAX_PAIRS) throw incompatible(`more than ${MAX_PAIRS} pairs of types`);
    const from = shapeOf(writer);
    if (from.kind === "union") return this.fromUnion(from.branches, reader);
    const to = shapeOf(reader);
    if (to.kind === "union") return this.intoUnion(writer, to.branches);
    if (from.kind === "record" && to.kind === "record") return this.record(writer, from, reader, to);
    if (from.kind === "array" && to.kind === "array")
      return readArray(this.compile(from.items, to.items), leastBytes(from.items));
    if (from.kind === "map" && to.kind === "map")
      return readMap(this.compile(from.values, to.values), 1 + leastBytes(from.values));
    if (!namesMatch(writer, reader) || !isPromoted(from.kind, to.kind)) throw cannotRead(writer, reader);
    const read = readScalar(writer, reader, this.bytes);
    if (!read) throw cannotRead(writer, reader);
    return read;
  }

  /** A branch that cannot be read is an error only when it is met. */
  private fromUnion(branches: readonly Type[], reader: Type): Read {
    let first: DataError | undefined;
    let readable = 0;
    const reads = branches.map((branch): Read => {
      const compiled = this.attempt(branch, reader);
      if (!(compiled instanceof DataError)) {
        readable++;
        return compiled;
      }
      first ??= compiled;
      return () => {
        throw new DataError(compiled.code, compiled.message);
      };
    });
    if (readable === 0 && first) throw first;
    const [one, two] = reads;
    if (reads.length === 2) return (cursor) => (cursor.unionIndex(2) === 0 ? one!(cursor) : two!(cursor));
    return (cursor) => reads[cursor.unionIndex(reads.length)]!(cursor);
  }

  private intoUnion(writer: Type, branches: readonly Type[]): Read {
    let first: DataError | undefined;
    for (const branch of branchesByLikeness(writer, branches)) {
      const compiled = this.attempt(writer, branch);
      if (!(compiled instanceof DataError)) return compiled;
      first ??= compiled;
    }
    throw first ?? incompatible("a union without branches");
  }

  /** Compiles, or yields why not; then forgets every record begun on the way, as they may lean on each other. */
  private attempt(writer: Type, reader: Type): Read | DataError {
    const before = this.begun.length;
    try {
      return this.compile(writer, reader);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      for (const [one, other] of this.begun.splice(before)) this.known.get(one)?.delete(other);
      return error;
    }
  }

  private record(writer: Type, from: RecordShape, reader: Type, to: RecordShape): Read {
    const known = this.known.get(writer)?.get(reader);
    if (known) return known;
    if (!namesMatch(writer, reader)) throw cannotRead(writer, reader);
    const taken = matchFields(from.fields, to.fields);
    if (typeof taken === "string") throw incompatible(`${nameOf(reader)}: ${taken}`);
    const steps: Step[] = [];
    const read = objectReader(
      to.fields.map((field) => field.name),
      steps,
    );
    this.remember(writer, reader, read.read);
    for (const [index, field] of from.fields.entries()) {
      const slot = taken[index]!;
      if (slot < 0) steps.push({ slot, read: compileSkip(field.type) });
      else steps.push({ slot, read: this.field(reader, field.type, to.fields[slot]!) });
    }
    const written = new Set(taken);
    for (const [slot, field] of to.fields.entries())
      if (!written.has(slot) && field.defaultBytes)
        this.pushDefault(steps, slot, field.type, field.defaultBytes);
    read.ready();
    return read.read;
  }

  private field(record: Type, writer: Type, reader: { readonly name: string; readonly type: Type }): Read {
    try {
      return this.compile(writer, reader.type);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      throw new DataError(error.code, `${nameOf(record)}.${reader.name}: ${error.message}`);
    }
  }

  private remember(writer: Type, reader: Type, read: Read): void {
    const readers = this.known.get(writer) ?? new Map<Type, Read>();
    this.known.set(writer, readers.set(reader, read));
    this.begun.push([writer, reader]);
  }

  /** A default is decoded anew for each event, as what follows may change the object it gets. */
  private pushDefault(steps: Step[], slot: number, type: Type, bytes: Buffer): void {
    const read = this.compile(type, type);
    const cursor = this.newCursor();
    const fresh = (): unknown => {
      cursor.reset(bytes, 0, bytes.length);
      return read(cursor);
    };
    if (fresh() !== undefined) steps.push({ slot, read: fresh });
  }
}

type RecordShape = Extract<Shape, { kind: "record" }>;

function nameOf(type: Type): string {
  return bare(type).name ?? type.typeName;
}

function cannotRead(writer: Type, reader: Type): DataError {
  return incompatible(`cannot read ${nameOf(writer)} as ${nameOf(reader)}`);
}

function incompatible(what: string): DataError {
  return new DataError("avro-incompatible-schema", `The writer's schema does not fit ours: ${what}.`);
}
