// How the Avro files of one kind are made from `export-event.avsc`: the same record, with every named type that
// it uses written out at its first use, so that each file stands alone.

type Avro = string | readonly Avro[] | AvroObject;
interface AvroObject {
  readonly type: Avro;
  readonly name?: string;
  readonly namespace?: string;
  readonly fields?: readonly { readonly name: string; readonly type: Avro }[];
  readonly items?: Avro;
  readonly values?: Avro;
}

/** File name (without `.avsc`) -> text of the file. */
export function kindFiles(exportEventAvsc: string): ReadonlyMap<string, string> {
  const root = JSON.parse(exportEventAvsc) as AvroObject;
  const named = new Map<string, AvroObject>();
  collect(root, named);
  const branches = root.fields?.find((field) => field.name === "event")?.type as readonly AvroObject[];
  const files = new Map<string, string>();
  for (const branch of branches) {
    if (branch.type !== "record") continue;
    const { type, name, ...rest } = inline(branch, named, new Set()) as AvroObject;
    const standalone = { type, namespace: root.namespace, name, ...rest };
    files.set(fileName(branch), `${pretty(standalone)}\n`);
  }
  return files;
}

/** `MigrationOpEvent` -> `migration-op`. */
function fileName(record: AvroObject): string {
  return (record.name ?? "")
    .replace(/Event$/, "")
    .replace(/(?<=[a-z])(?=[A-Z])/g, "-")
    .toLowerCase();
}

function collect(schema: Avro, named: Map<string, AvroObject>): void {
  if (typeof schema === "string") return;
  if (isList(schema)) {
    for (const branch of schema) collect(branch, named);
    return;
  }
  if (schema.name !== undefined) named.set(schema.name, schema);
  for (const child of [...(schema.fields ?? []).map((field) => field.type), schema.items, schema.values])
    if (child !== undefined) collect(child, named);
}

function inline(schema: Avro, named: ReadonlyMap<string, AvroObject>, written: Set<string>): Avro {
  if (typeof schema === "string") {
    const definition = named.get(schema);
    return definition && !written.has(schema) ? inline(definition, named, written) : schema;
  }
  if (isList(schema)) return schema.map((branch) => inline(branch, named, written));
  if (schema.name !== undefined) written.add(schema.name);
  const { fields, items, values, ...rest } = schema;
  return {
    ...rest,
    ...(fields && {
      fields: fields.map((field) => ({ ...field, type: inline(field.type, named, written) })),
    }),
    ...(items !== undefined && { items: inline(items, named, written) }),
    ...(values !== undefined && { values: inline(values, named, written) }),
  };
}

function isList(schema: Avro): schema is readonly Avro[] {
  return Array.isArray(schema);
}

const LINE_WIDTH = 130;

/** JSON with everything that fits on one line on one line. */
export function pretty(value: unknown, indent = ""): string {
  const line = oneLine(value);
  if (typeof value !== "object" || value === null || indent.length + line.length <= LINE_WIDTH) return line;
  const inner = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((item) => pretty(item, inner))
    : Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${pretty(item, inner)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return `${open}\n${parts.map((part) => inner + part).join(",\n")}\n${indent}${close}`;
}

function oneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${oneLine(item)}`);
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}
