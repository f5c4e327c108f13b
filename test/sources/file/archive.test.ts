import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import avro from "avsc";
import { describe, expect, it } from "vitest";

import { writeContainer } from "../../../src/avro/container-writer.ts";
import type { Origin } from "../../../src/engine/contracts.ts";
import { entriesOf } from "../../support/intakes.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { readAll } from "./reading.ts";

const metadataFields = [
  { name: "subscription_name", type: "string" },
  { name: "message_id", type: "string" },
  { name: "publish_time", type: { type: "long", logicalType: "timestamp-micros" } },
  { name: "attributes", type: { type: "map", values: "string" } },
];
const cloudStorage = {
  type: "record",
  namespace: "com.google.pubsub",
  name: "PubsubMessage",
  fields: [{ name: "data", type: "bytes" }],
};
const cloudStorageWithMetadata = {
  type: "record",
  namespace: "com.google.pubsub",
  name: "PubsubMessageWithMetadata",
  fields: [...metadataFields, { name: "data", type: "bytes" }],
};
const dataflow = (namespace: string) => ({
  type: "record",
  namespace,
  name: "AvroPubsubMessageRecord",
  fields: [
    { name: "message", type: "bytes" },
    { name: "attributes", type: { type: "map", values: "string" } },
    { name: "timestamp", type: "long" },
  ],
});

const publishedAtMs = Date.UTC(2026, 10, 1, 12, 0, 0, 123);
const attributes = { kind: "feature", googclient_schemaencoding: "BINARY" };
const metadata = {
  subscription_name: "projects/p/subscriptions/s",
  message_id: "1234567890",
  publish_time: publishedAtMs * 1000 + 456,
  attributes,
};

async function read(schema: object, values: readonly object[]): Promise<Origin[]> {
  const folder = await tempFolder();
  const type = avro.Type.forSchema(schema as never);
  const data = values.map((value) => type.toBuffer(value));
  await writeFile(join(folder, "a.avro"), writeContainer(JSON.stringify(schema), data));
  return entriesOf((await readAll(folder)).records);
}

const plain = (entry: Origin) => ({
  body: Buffer.from(entry.body).toString(),
  attributes: entry.attributes,
  publishedAtMs: entry.publishedAtMs,
  writerSchema: entry.writerSchema,
});

describe("archives of Pub/Sub messages", () => {
  it("unwraps a Cloud Storage subscription's messages without metadata", async () => {
    const entries = await read(cloudStorage, [{ data: Buffer.from("one") }, { data: Buffer.alloc(0) }]);
    expect(entries.map(plain)).toEqual([
      { body: "one", attributes: {}, publishedAtMs: 0, writerSchema: undefined },
      { body: "", attributes: {}, publishedAtMs: 0, writerSchema: undefined },
    ]);
    expect(entries[1]!.id).toMatch(/^a\.avro:\d+#1$/);
  });

  it("unwraps a Cloud Storage subscription's messages with metadata, time in microseconds", async () => {
    const entries = await read(cloudStorageWithMetadata, [{ ...metadata, data: Buffer.from("one") }]);
    expect(entries.map(plain)).toEqual([{ body: "one", attributes, publishedAtMs, writerSchema: undefined }]);
  });

  it.each(["com.google.cloud.teleport.avro", "com.google.cloud.teleport.v2.avro"])(
    "unwraps the Dataflow template's messages (%s), time in milliseconds",
    async (namespace) => {
      const value = { message: Buffer.from("one"), attributes, timestamp: publishedAtMs };
      const entries = await read(dataflow(namespace), [value]);
      expect(entries.map(plain)).toEqual([
        { body: "one", attributes, publishedAtMs, writerSchema: undefined },
      ]);
    },
  );

  it.each(["before", "behind"])(
    "keeps a record of the topic's own schema as the body, with the metadata fields %s its own",
    async (where) => {
      const own = [{ name: "tags", type: { type: "array", items: "string" } }];
      const fields = where === "before" ? [...metadataFields, ...own] : [...own, ...metadataFields];
      const schema = { type: "record", name: "Event", fields };
      const value = { ...metadata, tags: ["a", "b"] };
      const [entry] = await read(schema, [value]);
      expect(entry).toMatchObject({ attributes: { kind: "feature" }, publishedAtMs });
      expect(entry!.attributes).not.toHaveProperty("googclient_schemaencoding");
      expect(entry!.writerSchema?.json).toBe(JSON.stringify(schema));
      const type = avro.Type.forSchema(schema as never);
      expect(type.fromBuffer(Buffer.from(entry!.body))).toMatchObject({
        tags: ["a", "b"],
        message_id: "1234567890",
      });
    },
  );

  it("takes a record of the topic's own schema without metadata as an event", async () => {
    const schema = { type: "record", name: "Event", fields: [{ name: "data", type: "bytes" }] };
    const [entry] = await read(schema, [{ data: Buffer.from("one") }]);
    expect(entry!.writerSchema?.json).toBe(JSON.stringify(schema));
    expect(entry!.attributes).toEqual({});
  });

  it("takes a record that only has the name as an event", async () => {
    const schema = { ...cloudStorage, fields: [{ name: "data", type: "string" }] };
    const [entry] = await read(schema, [{ data: "one" }]);
    expect(entry!.writerSchema?.json).toBe(JSON.stringify(schema));
  });

  it("keeps attributes with dangerous names as plain keys, and bad text readable", async () => {
    const schema = dataflow("com.google.cloud.teleport.avro");
    // Written as bytes: no library would encode this map.
    const asBytes = {
      ...schema,
      fields: schema.fields.map((f) => (f.name === "attributes" ? { ...f, type: mapOfBytes } : f)),
    };
    const type = avro.Type.forSchema(asBytes as never);
    const hostile = new Map([
      ["__proto__", Buffer.from("x")],
      ["k", Buffer.from([0xff])],
    ]);
    const value = { message: Buffer.from("one"), attributes: Object.fromEntries(hostile), timestamp: 1 };
    const folder = await tempFolder();
    await writeFile(join(folder, "a"), writeContainer(JSON.stringify(schema), [type.toBuffer(value)]));
    const [entry] = entriesOf((await readAll(folder)).records);
    expect(Object.entries(entry!.attributes)).toEqual([
      ["__proto__", "x"],
      ["k", "\ufffd"],
    ]);
    expect(Object.getPrototypeOf(entry!.attributes)).toBe(Object.prototype);
  });
});

const mapOfBytes = { type: "map", values: "bytes" };
