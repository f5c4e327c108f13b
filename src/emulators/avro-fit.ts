// Fits a JSON value to an Avro schema, in the form that avsc encodes with named union branches. Knows the parts
// of Avro that our published schema uses.

export interface AvroRecord {
  readonly type: "record";
  readonly name: string;
  readonly fields: readonly {
    readonly name: string;
    readonly type: AvroSchema;
    readonly default?: unknown;
  }[];
}

export type AvroSchema =
  | string
  | AvroRecord
  | { readonly type: "array"; readonly items: AvroSchema }
  | { readonly type: "map"; readonly values: AvroSchema }
  | { readonly type: "string" | "long"; readonly logicalType: string }
  | readonly ["null", AvroSchema];

type Named = ReadonlyMap<string, AvroRecord>;
type Fitted = Readonly<Record<string, unknown>>;

/**
 * Undefined when the value does not fit exactly, that is when decoding would give something else (but for null
 * in a typed field, which decodes as absent: the two mean the same in an export event).
 */
export function fitRecord(record: AvroRecord, value: unknown, named: Named): Fitted | undefined {
  if (!isPlainObject(value)) return undefined;
  const known = new Set(record.fields.map((field) => field.name));
  if (Object.keys(value).some((key) => value[key] !== undefined && !known.has(key))) return undefined;
  const fitted: Record<string, unknown> = {};
  for (const { name, type, default: fallback } of record.fields) {
    const given = value[name];
    const field = given === undefined ? absent(fallback) : fitValue(type, given, named);
    if (field === undefined) return undefined;
    fitted[name] = field;
  }
  return fitted;
}

/** Only a null default stands for an absent field; any other would appear in the decoded event. */
function absent(fallback: unknown): null | undefined {
  return fallback === null ? null : undefined;
}

function fitValue(schema: AvroSchema, value: unknown, named: Named): unknown {
  if (typeof schema === "string") return fitNamed(schema, value, named);
  if (isUnion(schema)) return fitNullable(schema[1], value, named);
  switch (schema.type) {
    case "record":
      return fitRecord(schema, value, named);
    case "array":
      return Array.isArray(value)
        ? allOf(value.map((item) => fitValue(schema.items, item, named)))
        : undefined;
    case "map":
      return fitMap(schema.values, value, named);
    default:
      return "logicalType" in schema && schema.logicalType === "json"
        ? JSON.stringify(value)
        : fitNamed(schema.type, value, named);
  }
}

function fitNamed(name: string, value: unknown, named: Named): unknown {
  switch (name) {
    case "string":
      return typeof value === "string" && !LONE_SURROGATE.test(value) ? value : undefined;
    case "boolean":
      return typeof value === "boolean" ? value : undefined;
    case "long":
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? value : undefined;
    case "double":
      return typeof value === "number" ? value : undefined;
    default: {
      const record = named.get(name);
      return record && fitRecord(record, value, named);
    }
  }
}

/** UTF-8 has no form for it; JSON can escape it. */
const LONE_SURROGATE = /\p{Surrogate}/u;

function fitNullable(schema: AvroSchema, value: unknown, named: Named): unknown {
  const isJson = typeof schema === "object" && "logicalType" in schema && schema.logicalType === "json";
  if (value === null && !isJson) return null;
  const fitted = fitValue(schema, value, named);
  return fitted === undefined ? undefined : { [branchName(schema)]: fitted };
}

function branchName(schema: AvroSchema): string {
  if (typeof schema === "string") return /^[a-z]/.test(schema) ? schema : `${NAMESPACE}.${schema}`;
  if (isUnion(schema)) throw new TypeError("a union holds no union");
  return schema.type === "record" ? `${NAMESPACE}.${schema.name}` : schema.type;
}

export const NAMESPACE = "dev.sluice.launchdarkly";

/** Avro libraries lose a map key called `__proto__`. */
function fitMap(values: AvroSchema, value: unknown, named: Named): Fitted | undefined {
  if (!isPlainObject(value) || Object.hasOwn(value, "__proto__")) return undefined;
  const fitted: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    const entry = LONE_SURROGATE.test(key) ? undefined : fitValue(values, member, named);
    if (entry === undefined) return undefined;
    fitted[key] = entry;
  }
  return fitted;
}

function allOf(items: readonly unknown[]): readonly unknown[] | undefined {
  return items.includes(undefined) ? undefined : items;
}

function isUnion(schema: AvroSchema): schema is readonly ["null", AvroSchema] {
  return Array.isArray(schema);
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
