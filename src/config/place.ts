// One place of a definition, described for a message: its name, what it takes, what stands there.

import { pointerParts, toPointer } from "./positions.ts";
import { plainScalar } from "./references.ts";
import { schemasAt, typesOf } from "./schema.ts";
import type { JsonSchema } from "./schema.ts";
import { valueAt } from "./value-at.ts";

/** A part of a definition with what is needed to talk about it. */
export interface Described {
  /** The value that was validated. */
  readonly value: unknown;
  readonly schema: JsonSchema;
  /** JSON pointer of `value` in the file. */
  readonly path: string;
  /** What the part is: `source pubsub`, `the pipeline`. */
  readonly owner: string;
  /** No value is shown. */
  readonly hidesValues: boolean;
  /** Places whose value came from a reference: the reference is shown, never the value. */
  readonly references: ReadonlyMap<string, string>;
}

const LONGEST_SHOWN_VALUE = 40;
const MOST_LISTED = 12;

/** A place in a part, in words. */
export class Place {
  readonly value: unknown;
  /** Set when the value came from one. */
  readonly reference: string | undefined;
  private readonly schemas: readonly JsonSchema[];
  private readonly parts: readonly string[];

  constructor(
    pointer: string,
    private readonly failed: Described,
  ) {
    this.parts = pointerParts(pointer);
    this.value = valueAt(failed.value, pointer);
    this.schemas = schemasAt(failed.schema, this.parts);
    this.reference = failed.references.get(failed.path + pointer);
  }

  /** `"inFlight.records"`, `"paths[0]"`, or the part's owner at its root. */
  get name(): string {
    if (this.parts.length === 0) return this.failed.owner;
    const inList = (i: number) =>
      Array.isArray(valueAt(this.failed.value, toPointer(this.parts.slice(0, i))));
    const steps = this.parts.map((part, i) => (inList(i) ? `[${part}]` : i === 0 ? part : `.${part}`));
    return quote(steps.join(""));
  }

  takes(): string {
    const types = [...typesOf(this.schemas)].map((type) => typeWords[type] ?? type);
    return types.length === 0 ? "cannot be this" : `must be ${types.join(" or ")}`;
  }

  /** The value as it would be right: a number without quotes, or a text with them. */
  retyped(): string | undefined {
    const { value } = this;
    if (this.hidden) return undefined;
    const types = typesOf(this.schemas);
    if (typeof value === "string") {
      if (types.has("boolean") && Object.hasOwn(oldBooleans, value)) return oldBooleans[value];
      const plain = plainScalar(value);
      return types.has(typeof plain) || (types.has("integer") && Number.isInteger(plain))
        ? String(plain)
        : undefined;
    }
    return types.has("string") && (typeof value === "number" || typeof value === "boolean")
      ? quote(String(value))
      : undefined;
  }

  has(key: string): boolean {
    return this.value !== null && typeof this.value === "object" && Object.hasOwn(this.value, key);
  }

  constants(): unknown[] {
    return [...new Set(this.schemas.flatMap((one) => one.enum ?? ("const" in one ? [one.const] : [])))];
  }

  form(): string {
    const schema = this.schemas.find((one) => one.pattern !== undefined || one.format !== undefined);
    if (typeof schema?.["x-form"] === "string") return schema["x-form"];
    if (schema?.format !== undefined) return `a valid ${String(schema.format)}`;
    return `in the form ${String(schema?.pattern)}`;
  }

  /** `, not the text "many"`: what stands there, unless it is or may be secret. */
  instead(): string {
    if (this.reference !== undefined) return `; ${this.reference} gives something else`;
    if (this.hidden) return typeof this.value === "string" ? "" : `, not ${kind(this.value)}`;
    return `, not ${show(this.value)}`;
  }

  /** For limits: only a number says more than the limit does. */
  insteadOfNumber(): string {
    const says = this.reference !== undefined || (typeof this.value === "number" && !this.hidden);
    return says ? this.instead() : "";
  }

  /** Nothing may be said about the value, not even what it resembles. */
  get secret(): boolean {
    return this.reference !== undefined || this.schemas.some((schema) => schema["x-secret"] === true);
  }

  private get hidden(): boolean {
    return this.failed.hidesValues || this.secret;
  }
}

/** Booleans in YAML 1.1, texts in YAML 1.2. */
const oldBooleans: Readonly<Record<string, string>> = { yes: "true", on: "true", no: "false", off: "false" };

const typeWords: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  null: "nothing",
};

function show(value: unknown): string {
  if (typeof value === "string") return `the text ${quote(value)}`;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : kind(value);
}

function kind(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a map" : `a ${typeof value}`;
}

/** In double quotes, shortened. */
export function quote(text: string): string {
  const short = text.length > LONGEST_SHOWN_VALUE ? `${text.slice(0, LONGEST_SHOWN_VALUE)}…` : text;
  return JSON.stringify(short);
}

/** At most a dozen, then how many more there are. */
export function list(words: readonly string[]): string {
  const shown = words.slice(0, MOST_LISTED).join(", ");
  return words.length > MOST_LISTED ? `${shown} and ${words.length - MOST_LISTED} more` : shown;
}
