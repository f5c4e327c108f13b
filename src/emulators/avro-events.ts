// Export events in our Avro form (`schemas/launchdarkly/export-event.avsc`), as a republisher would write them:
// for the quick start and for tests.
//
// Nothing is ever lost: an event that does not fit its record exactly (an unknown kind or field, a text where a
// number is due, a fraction where a long is due) takes the schema's last branch, its whole document as JSON.

import { readFileSync } from "node:fs";

import avsc from "avsc";

import { fitRecord, NAMESPACE, type AvroRecord } from "./avro-fit.ts";

const SCHEMA_FILE = new URL("../../schemas/launchdarkly/export-event.avsc", import.meta.url);

interface Encoder {
  readonly schema: string;
  readonly type: avsc.Type;
  /** Event kind -> its record, by the kind's default value. */
  readonly records: ReadonlyMap<unknown, AvroRecord>;
  readonly named: ReadonlyMap<string, AvroRecord>;
}

let encoder: Encoder | undefined;

/** The text of `export-event.avsc`, for creating a topic's schema. */
export function exportEventSchema(): string {
  return theEncoder().schema;
}

/** One raw Avro datum. Throws when project or environment is no text: no Avro writer could have written that. */
export function encodeAvro(event: object): Buffer {
  return theEncoder().type.toBuffer(toAvro(event));
}

/** The value that avsc takes, with every union branch named. */
export function toAvro(exportEvent: object): unknown {
  const { records, named } = theEncoder();
  const { project, environment, event, version } = exportEvent as Readonly<Record<string, unknown>>;
  if (typeof project !== "string" || typeof environment !== "string")
    throw new TypeError("project and environment must be texts");
  const kind = typeof event === "object" && event !== null && "kind" in event ? event.kind : undefined;
  const record = records.get(kind);
  const fitted = record && fitRecord(record, event, named);
  return {
    project,
    environment,
    event: fitted ? { [`${NAMESPACE}.${record.name}`]: fitted } : { string: JSON.stringify(event ?? null) },
    version: Number.isSafeInteger(version) ? { long: version } : null,
  };
}

function theEncoder(): Encoder {
  encoder ??= makeEncoder(readFileSync(SCHEMA_FILE, "utf8"));
  return encoder;
}

function makeEncoder(schema: string): Encoder {
  const root = JSON.parse(schema) as AvroRecord;
  const named = new Map<string, AvroRecord>();
  collect(root, named);
  const isKind = (record: AvroRecord) => record.fields[0]?.name === "kind" && record.name.endsWith("Event");
  const records = new Map(
    [...named.values()].filter(isKind).map((record) => [record.fields[0]?.default, record]),
  );
  return { schema, type: avsc.Type.forSchema(JSON.parse(schema), { wrapUnions: true }), records, named };
}

function collect(schema: unknown, named: Map<string, AvroRecord>): void {
  if (typeof schema !== "object" || schema === null) return;
  if ("fields" in schema) {
    // Only records have fields.
    const record = schema as AvroRecord;
    named.set(record.name, record);
  }
  for (const child of Object.values(schema)) collect(child, named);
}
