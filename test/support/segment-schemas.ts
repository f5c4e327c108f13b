import { readFileSync } from "node:fs";

import { Ajv2020 } from "ajv/dist/2020.js";

const FOLDER = new URL("../../schemas/segment/", import.meta.url);
const FILES = ["common", "feature", "click", "custom", "page", "alias"] as const;
export type SegmentSchema = Exclude<(typeof FILES)[number], "common">;

const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
for (const name of FILES) ajv.addSchema(JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8")));

/** What is wrong with a message by the published schema of its kind; empty when nothing is. */
export function schemaProblems(schema: SegmentSchema, message: unknown): string[] {
  const validate = ajv.getSchema(`${schema}.json`);
  if (!validate) throw new Error(`no schema ${schema}`);
  validate(message);
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

/** The schema that describes a message, by its type and event. */
export function schemaOf(message: { readonly type?: unknown; readonly event?: unknown }): SegmentSchema {
  const name = message.type === "track" ? message.event : message.type;
  const found = FILES.find((file) => file === name);
  if (!found || found === "common")
    throw new Error(`no schema for a message of type ${String(message.type)}`);
  return found;
}

/** As JSON carries it: what is valid must be what is sent. */
export function problemsOf(message: { readonly type?: unknown; readonly event?: unknown }): string[] {
  return schemaProblems(schemaOf(message), JSON.parse(JSON.stringify(message)));
}
