// Compiles a pair of schemas into a walk over a datum that fills `Places`. The walk reads every byte as the decoder
// would, with the same checks (it is the same Cursor), but makes no value: a datum it goes through is one that the
// decoder takes, and then the fields are where it says. Anything out of the ordinary ends the walk instead.
//
// Written out as code, because each read is then a call the compiler knows. Names never enter the code: only numbers.

import type { Type } from "avsc";

import { Cursor } from "../avro/cursor.ts";
import type { DatumLimits } from "../avro/limits.ts";
import { branchesByLikeness, matchFields, namesMatch } from "../avro/matching.ts";
import { type AvroSchema, MarkedType } from "../avro/schema.ts";
import { bare, type FieldShape, leastBytes, shapeOf } from "../avro/type-shape.ts";
import { DataError } from "../engine/errors.ts";
import { FLAGS, JSON_TEXTS, NUMBERS, notPlain, type Places, RECORDS, TEXT_MAP, TEXTS } from "./places.ts";

/** False: left to the stages. */
export type Locate = (buf: Buffer, start: number, end: number) => boolean;

/** Undefined when nothing that was written with `writer` can be taken. */
export function compileLocate(
  reader: AvroSchema,
  writer: AvroSchema,
  limits: DatumLimits,
  places: Places,
): Locate | undefined {
  const compiler = new LocateCompiler();
  const main = compiler.compile(writer.type, reader.type, "");
  if (main === undefined || shapeOf(reader.type).kind !== "record") return undefined;
  const code = `${compiler.functions.join("\n")}\nreturn (c) => { ${main} };`;
  const walk = new Function("p", "notPlain", code)(places, notPlain) as (cursor: Cursor) => void;
  const cursor = new Cursor(limits);
  return (buf, start, end) => {
    places.begin(buf);
    cursor.reset(buf, start, end);
    try {
      walk(cursor);
    } catch (error) {
      if (error === notPlain || error instanceof DataError) return false;
      throw error;
    }
    return cursor.pos === end;
  };
}

const GIVE_UP = "throw notPlain;";

class LocateCompiler {
  readonly functions: string[] = [];
  private readonly underWay = new Set<Type>();
  private names = 0;

  /** Statements that read a value of `writer` as `reader`; undefined when that is left to the stages. */
  compile(writer: Type, reader: Type, path: string): string | undefined {
    const from = shapeOf(writer);
    if (from.kind === "union") {
      const branches = from.branches.map((branch) => this.compile(branch, reader, path) ?? GIVE_UP);
      if (branches.every((branch) => branch === GIVE_UP)) return undefined;
      const cases = branches.map((branch, index) => `case ${index}: { ${branch} break; }`);
      return `switch (c.unionIndex(${branches.length})) { ${cases.join(" ")} }`;
    }
    const to = shapeOf(reader);
    if (to.kind === "union") {
      const [likest] = branchesByLikeness(writer, to.branches);
      const fits = likest && shapeOf(likest).kind === from.kind && bare(likest).name === bare(writer).name;
      return fits ? this.compile(writer, likest, path) : undefined;
    }
    if (from.kind !== to.kind || !namesMatch(writer, reader)) return undefined;
    if (from.kind === "null") return ";";
    if (from.kind === "record" && to.kind === "record")
      return this.record(writer, from.fields, to.fields, path);
    if (RECORDS.has(path)) return undefined;
    if (path === TEXT_MAP) return this.textMap(writer, reader);
    if (from.kind === "array" && to.kind === "array")
      return this.items(this.compile(from.items, to.items, `${path}[]`), leastBytes(from.items));
    if (from.kind === "map" && to.kind === "map") {
      const value = this.compile(from.values, to.values, `${path}[]`);
      return this.items(value && `p.skipText(c); ${value}`, 1 + leastBytes(from.values));
    }
    return scalar(writer, reader, path);
  }

  private record(
    type: Type,
    from: readonly FieldShape[],
    to: readonly FieldShape[],
    path: string,
  ): string | undefined {
    const taken = matchFields(from, to);
    if (typeof taken === "string" || this.underWay.has(type)) return undefined;
    const written = new Set(taken);
    // What is absent from every datum must be absent from the event too, and not a default that is something.
    if (to.some((field, slot) => !written.has(slot) && !isNullByDefault(field))) return undefined;
    this.underWay.add(type);
    const steps = from.map((field, index) => {
      const slot = taken[index]!;
      if (slot < 0) return undefined; // A field that we do not know: left to the stages.
      return this.compile(field.type, to[slot]!.type, below(path, to[slot]!.name));
    });
    this.underWay.delete(type);
    if (steps.includes(undefined)) return undefined;
    const name = `r${this.names++}`;
    this.functions.push(`function ${name}(c) { c.enter(); ${steps.join("\n")} c.leave(); }`);
    return `${name}(c);`;
  }

  private textMap(writer: Type, reader: Type): string | undefined {
    const [from, to] = [shapeOf(writer), shapeOf(reader)];
    if (from.kind !== "map" || to.kind !== "map") return undefined;
    if (scalar(from.values, to.values, "") !== "p.skipText(c);") return undefined;
    return `p.kinds = 0; ${this.items("p.entry(c);", 2)}`;
  }

  private items(item: string | undefined, least: number): string | undefined {
    if (item === undefined) return undefined;
    return `c.enter(); for (let n = c.blockCount(${least}); n > 0; n = c.blockCount(${least})) {
      const blockEnd = c.blockEnd; for (; n > 0; n--) { ${item} } c.endBlock(blockEnd); } c.leave();`;
  }
}

function below(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function isNullByDefault({ type, defaultBytes }: FieldShape): boolean {
  const shape = shapeOf(type);
  const nullFirst = shape.kind === "union" && shape.branches[0] && shapeOf(shape.branches[0]).kind === "null";
  return nullFirst === true && defaultBytes?.length === 1 && defaultBytes[0] === 0;
}

/** Both are of one kind, and no containers. */
function scalar(writer: Type, reader: Type, path: string): string | undefined {
  const mark = markOf(reader);
  switch (shapeOf(reader).kind) {
    case "string":
      return stringRead(mark, path);
    case "boolean":
      return numberRead("c.boolean() ? 1 : 0", "c.boolean()", path, FLAGS);
    case "int":
    case "long": {
      const method = shapeOf(writer).kind === "int" ? "c.int()" : "c.long()";
      const isPlain = mark === undefined || (mark.endsWith("-millis") && (markOf(writer) ?? mark) === mark);
      return isPlain ? numberRead(method, method, path, NUMBERS) : undefined;
    }
    case "double":
      return numberRead("p.double(c)", "p.double(c)", path, NUMBERS);
    default:
      return undefined;
  }
}

function stringRead(mark: string | undefined, path: string): string | undefined {
  const slot = slotOf(TEXTS, path);
  const isJson = mark === "json";
  if (slot === undefined) return isWanted(path) ? undefined : isJson ? "p.skipJson(c);" : "p.skipText(c);";
  if (isJson !== JSON_TEXTS.has(path)) return undefined;
  if (!isJson) return `p.text(c, ${slot});`;
  return slot === TEXTS["event.context"] ? `p.contextText(c, ${slot});` : `p.jsonText(c, ${slot});`;
}

/** A field that is wanted in another form is left to the stages. */
function numberRead(
  read: string,
  skip: string,
  path: string,
  slots: Readonly<Record<string, number>>,
): string | undefined {
  const slot = slotOf(slots, path);
  if (slot !== undefined) return `p.numbers[${slot}] = ${read};`;
  return isWanted(path) ? undefined : `${skip};`;
}

function isWanted(path: string): boolean {
  return [TEXTS, NUMBERS, FLAGS].some((slots) => slotOf(slots, path) !== undefined) || path === TEXT_MAP;
}

function slotOf(slots: Readonly<Record<string, number>>, path: string): number | undefined {
  return Object.hasOwn(slots, path) ? slots[path] : undefined;
}

function markOf(type: Type): string | undefined {
  return type instanceof MarkedType ? type.mark : undefined;
}
