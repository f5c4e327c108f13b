import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { defaultLimits } from "../../../src/emulators/pubsub/limits.ts";
import { SchemaRegistry } from "../../../src/emulators/pubsub/schema-registry.ts";
import { VirtualClock } from "../../../src/engine/virtual-clock.ts";

const name = "projects/test/schemas/event";
const record = (...fields: object[]) => JSON.stringify({ type: "record", name: "E", fields });
const key = { name: "key", type: "string" };
const optional = (field: string) => ({ name: field, type: "string", default: "" });

function registry(limits = {}): SchemaRegistry {
  return new SchemaRegistry(new VirtualClock(), { ...defaultLimits, ...limits });
}

describe("a schema registry", () => {
  it.each([
    ["not JSON", "{nope"],
    ["no Avro schema", '{"type":"recor"}'],
    ["a name that would poison a prototype", record({ name: "__proto__", type: "string" })],
    ["too large", JSON.stringify({ type: "record", name: "E", doc: "x".repeat(400_000), fields: [] })],
  ])("refuses a definition that is %s", (_, definition) => {
    const schemas = registry();
    expect(() => schemas.create({ name, definition })).toThrow(/INVALID_ARGUMENT/);
    expect(() => schemas.get(name)).toThrow(/NOT_FOUND/);
  });

  it("refuses Protocol Buffers, saying that it is the local server that cannot", () => {
    const schema = { name, type: "PROTOCOL_BUFFER" as const, definition: 'syntax = "proto3";' };
    expect(() => registry().create(schema)).toThrow(
      /UNIMPLEMENTED: The local Pub\/Sub has no Protocol Buffer/,
    );
  });

  it("refuses a revision that cannot read, or be read by, any other", () => {
    const schemas = registry();
    const { revisionId } = schemas.create({ name, definition: record(key) });
    const required = record(key, { name: "more", type: "string" });
    const problem = new RegExp(`not compatible with revision ${revisionId}`);
    expect(() => schemas.commit({ name, definition: required })).toThrow(problem);
    expect(() => schemas.commit({ name, definition: record({ name: "key", type: "int" }) })).toThrow(problem);
    expect(schemas.listRevisions(name)).toHaveLength(1);
  });

  it("takes the same definition again, as the service does, with unions, logical types and recursion in it", () => {
    const schemas = registry();
    for (const definition of [
      readFileSync("schemas/launchdarkly/export-event.avsc", "utf8"),
      record({
        name: "at",
        type: ["null", { type: "long", logicalType: "timestamp-millis" }],
        default: null,
      }),
      record({ name: "next", type: ["null", "E"], default: null }, { name: "raw", type: ["int", "double"] }),
    ]) {
      const own = { name: `${name}${definition.length}`, definition };
      schemas.create(own);
      schemas.commit(own);
      expect(schemas.listRevisions(own.name)).toHaveLength(2);
    }
  });

  it("looks through logical types at what is below them", () => {
    const schemas = registry();
    const of = (type: object | string) => ({ name, definition: record({ name: "at", type }) });
    schemas.create(of({ type: "long", logicalType: "timestamp-millis" }));
    schemas.commit(of("long"));
    expect(() => schemas.commit(of({ type: "string", logicalType: "json" }))).toThrow(/not compatible/);
  });

  it("keeps at most twenty revisions, and the last one for ever", () => {
    const schemas = registry({ schemaRevisions: 2 });
    const first = schemas.create({ name, definition: record(key) });
    const second = schemas.commit({ name, definition: record(key, optional("a")) });
    expect(() => schemas.commit({ name, definition: record(key) })).toThrow(
      /FAILED_PRECONDITION: .*2 revisions/,
    );
    expect(schemas.deleteRevision(`${name}@${second.revisionId}`)).toEqual(first);
    expect(() => schemas.deleteRevision(`${name}@${first.revisionId}`)).toThrow(
      /FAILED_PRECONDITION: The last/,
    );
  });

  it("rolls back by committing the old definition as a new revision", () => {
    const schemas = registry();
    const first = schemas.create({ name, definition: record(key) });
    schemas.commit({ name, definition: record(key, optional("a")) });
    const third = schemas.rollback(name, first.revisionId);
    expect(third.definition).toBe(first.definition);
    expect(third.revisionId).not.toBe(first.revisionId);
    expect(schemas.get(name)).toEqual(third);
    expect(schemas.listRevisions(name).map(({ revisionId }) => revisionId)[0]).toBe(third.revisionId);
  });

  it("forgets a deleted schema with its revisions", () => {
    const schemas = registry();
    const { revisionId } = schemas.create({ name, definition: record(key) });
    schemas.delete(name);
    expect(() => schemas.get(`${name}@${revisionId}`)).toThrow(/NOT_FOUND/);
    expect(() => schemas.delete(name)).toThrow(/NOT_FOUND/);
    expect(schemas.list("projects/test")).toEqual([]);
  });
});
