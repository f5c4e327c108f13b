import { readFileSync } from "node:fs";

import avsc from "avsc";
import { describe, expect, it } from "vitest";

import { kindFiles } from "../support/avsc-files.ts";

const FOLDER = new URL("../../schemas/launchdarkly/", import.meta.url);
const exportEvent = readFileSync(new URL("export-event.avsc", FOLDER), "utf8");

interface Field {
  readonly name: string;
  readonly type: unknown;
  readonly default?: unknown;
  readonly doc?: string;
}
interface Schema {
  readonly fields: Field[];
}
const parse = () => JSON.parse(exportEvent) as Schema;

function recordsIn(schema: unknown, found: Schema[] = []): Schema[] {
  if (typeof schema !== "object" || schema === null) return found;
  if ("fields" in schema) found.push(schema as Schema);
  for (const child of Object.values(schema)) recordsIn(child, found);
  return found;
}

describe("the Avro schema of the export event", () => {
  // Remade by: npx vitest run test/schemas/avro.test.ts -u
  it.each([...kindFiles(exportEvent)])("is the source of %s.avsc", async (name, text) => {
    await expect(text).toMatchFileSnapshot(`../../schemas/launchdarkly/${name}.avsc`);
    expect(() => avsc.Type.forSchema(JSON.parse(text))).not.toThrow();
  });

  it("begins with a text, so that no datum can be taken for JSON", () => {
    expect(parse().fields[0]).toMatchObject({ name: "project", type: "string" });
  });

  it("documents every field and has a default for every one but the envelope's own", () => {
    const fields = recordsIn(parse()).flatMap((record) => record.fields);
    expect(fields.filter((field) => !field.doc).map((field) => field.name)).toEqual([]);
    expect(fields.filter((field) => !("default" in field)).map((field) => field.name)).toEqual([
      "project",
      "environment",
      "event",
    ]);
  });

  it("can be read from, and by, a revision with one more field", () => {
    const later = parse();
    for (const record of recordsIn(later))
      record.fields.push({ name: "added", type: ["null", "string"], default: null });
    const [older, newer] = [parse(), later].map((schema) =>
      avsc.Type.forSchema(JSON.parse(JSON.stringify(schema)), { wrapUnions: true }),
    ) as [avsc.Type, avsc.Type];
    const events = [
      { string: "{}" },
      { "dev.sluice.launchdarkly.ClickEvent": { kind: "click", key: { string: "k" } } },
    ];
    for (const event of events) {
      const value = { project: "p", environment: "e", event, version: { long: 2 } };
      for (const [writer, reader] of [
        [older, newer],
        [newer, older],
      ] as const) {
        const read = reader.fromBuffer(
          writer.toBuffer({ ...value, added: null }),
          reader.createResolver(writer),
        );
        expect(JSON.parse(JSON.stringify(read))).toMatchObject({ project: "p", event });
      }
    }
  });
});
