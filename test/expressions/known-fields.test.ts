// The known fields are written by hand; the schemas say whether they are right.

import { readdirSync, readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { knownFields } from "../../src/expressions/known-fields.ts";

interface AvroField {
  readonly name: string;
  readonly type: unknown;
}

function isRecord(type: unknown): type is { name: string; fields: AvroField[] } {
  return typeof type === "object" && type !== null && "fields" in type;
}

/** Every record of the envelope's schema, by name. */
function records(type: unknown, found = new Map<string, AvroField[]>()): Map<string, AvroField[]> {
  if (Array.isArray(type)) for (const branch of type) records(branch, found);
  else if (isRecord(type)) {
    found.set(type.name, type.fields);
    for (const field of type.fields) records(field.type, found);
  }
  return found;
}

const all = records(JSON.parse(readFileSync("schemas/launchdarkly/export-event.avsc", "utf8")));
const namesOf = (record: string) => all.get(record)!.map(({ name }) => name);

test("the fields of export events are those of the Avro schemas, of all kinds together", () => {
  const kinds = [...all.keys()].filter(
    (name) => name.endsWith("Event") && name !== "LaunchDarklyExportEvent",
  );
  expect(kinds).toHaveLength(10);
  const fields = knownFields["export-event"];
  expect(new Set(Object.keys(fields))).toEqual(new Set(kinds.flatMap(namesOf)));
  expect(Object.keys(fields["reason"]!)).toEqual(namesOf("Reason"));
  expect(Object.keys(fields["evaluation"]!)).toEqual(namesOf("MigrationEvaluation"));
});

test("the fields of Segment events are those of the JSON schemas, and what the stage's extras add", () => {
  const schemas = readdirSync("schemas/segment")
    .filter((name) => name.endsWith(".json"))
    .map((name) => JSON.parse(readFileSync(`schemas/segment/${name}`, "utf8")));
  const debuggerOnly = ["originalTimestamp", "sentAt", "receivedAt"];
  const top = schemas.flatMap(({ properties }) => Object.keys(properties));
  const { properties, ...outer } = knownFields["segment-event"];
  expect(new Set([...Object.keys(outer), "properties", ...debuggerOnly])).toEqual(
    new Set([...top, "context"]),
  );
  const common = schemas.find(({ $defs }) => $defs).$defs.commonProperties.properties;
  const inner = schemas.flatMap(({ properties }) => Object.keys(properties.properties?.properties ?? {}));
  expect(new Set(Object.keys(properties!))).toEqual(new Set([...Object.keys(common), ...inner, "data"]));
});
