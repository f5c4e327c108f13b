import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { writeSingleObject } from "../../src/avro/single-object.ts";
import { writerSchema } from "../../src/avro/schema.ts";
import { avroDecodeRejects } from "../../src/transforms/avro-decode/rejects.ts";
import avroDecode from "../../src/transforms/avro-decode.ts";
import type { Origin, Transform } from "../../src/engine/contracts.ts";
import { type PubSubEmulator, startPubSub } from "../../src/emulators/pubsub/start-pubsub.ts";
import { codeOf, schemaOf } from "../support/avro.ts";
import { aContext } from "../support/context.ts";
import {
  envelope,
  featureDatum,
  featureEvent,
  featureRecord,
  otherRecord,
} from "../support/sample-avro-schema.ts";

const { type, fingerprint } = schemaOf(envelope);
const raw = type.toBuffer(featureDatum);
const plainJson = Buffer.from(JSON.stringify(featureEvent));
const NAME = "projects/p/schemas/events";

/** An older revision: without `version`, another order, a kind that we do not know, a field that we do not know. */
const older = {
  ...envelope,
  fields: [
    { name: "environment", type: "string" },
    { name: "event", type: [otherRecord, { type: "record", name: "Dropped", fields: [] }, featureRecord] },
    { name: "project", type: "string" },
    { name: "extra", type: { type: "array", items: "double" } },
  ],
};
const olderType = schemaOf(older).type;
const { version: _, ...withoutVersion } = featureDatum;
const olderDatum = { ...withoutVersion, extra: [1, 2, 3] };

const folder = mkdtempSync(join(tmpdir(), "avro-decode-"));
const reader = {
  ...envelope,
  fields: envelope.fields.map((field) => (field.name === "version" ? { ...field, default: 0 } : field)),
};
writeFileSync(join(folder, "event.avsc"), JSON.stringify(reader));
writeFileSync(join(folder, "older.avsc"), JSON.stringify(older));
afterAll(() => rmSync(folder, { recursive: true }));

const open: Transform[] = [];
afterEach(async () => {
  for (const transform of open.splice(0)) await transform.close?.();
});

async function decoder(config: Record<string, unknown> = {}): Promise<Transform> {
  const limits = { maxDepth: 64, maxItems: 1_000_000, maxEmptyItems: 10_000, maxInflatedBytes: 100_000 };
  const full = { schema: "event.avsc", encoding: "auto", writerSchemas: [], limits, ...config };
  const transform = await avroDecode.create(full as never, aContext({ baseDir: folder }));
  open.push(transform);
  return transform;
}

function origin(body: Uint8Array, rest: Partial<Origin> = {}): Origin {
  return { id: "1", body, attributes: {}, publishedAtMs: 0, attempt: 1, writerSchema: undefined, ...rest };
}

async function read(transform: Transform, from: Origin): Promise<unknown> {
  await transform.prepare?.(from);
  return transform.apply(from.body, from);
}

const topic = (encoding: string, revision = "", name = "") => ({
  googclient_schemaname: name,
  googclient_schemarevisionid: revision,
  googclient_schemaencoding: encoding,
});

describe("auto gives the same event, to the byte, from", () => {
  test.each([
    ["a raw datum", raw],
    ["a datum that is no Buffer", new Uint8Array(raw)],
    ["LaunchDarkly's plain JSON", plainJson],
    ["single-object encoding", writeSingleObject(fingerprint, raw)],
    ["a raw datum in gzip", gzipSync(raw)],
    ["plain JSON in gzip", gzipSync(plainJson)],
  ])("%s", async (_name, body) => {
    expect(JSON.stringify(await read(await decoder(), origin(body)))).toBe(JSON.stringify(featureEvent));
  });

  test("a datum of a container file, whose schema comes before all else", async () => {
    const from = origin(olderType.toBuffer(olderDatum), {
      writerSchema: writerSchema(JSON.stringify(older)),
      attributes: topic("JSON"),
    });
    expect(JSON.stringify(await read(await decoder(), from))).toBe(
      JSON.stringify({ ...featureEvent, version: 0 }),
    );
  });

  test("single-object encoding of another schema that is listed", async () => {
    const body = writeSingleObject(schemaOf(older).fingerprint, olderType.toBuffer(olderDatum));
    const transform = await decoder({ writerSchemas: ["older.avsc"] });
    expect(await read(transform, origin(body))).toStrictEqual({ ...featureEvent, version: 0 });
  });

  test.each(["BINARY", "JSON", "", "ENCODING_UNSPECIFIED"])(
    "a topic whose attributes tell encoding %j only",
    async (encoding) => {
      const body = encoding === "JSON" ? Buffer.from(type.toString(featureDatum)) : raw;
      const transform = await decoder();
      const from = origin(body, { attributes: topic(encoding, "abcd1234") });
      expect(transform.prepare?.(from)).toBeUndefined();
      expect(await read(transform, from)).toStrictEqual(featureEvent);
    },
  );
});

describe("a topic with a schema", () => {
  let emulator: PubSubEmulator;
  let revision: string;

  beforeAll(async () => {
    emulator = await startPubSub();
    revision =
      emulator.createSchema({ name: NAME, type: "AVRO", definition: JSON.stringify(older) }).revisionId ?? "";
  });
  afterAll(() => emulator.close());

  test.each([
    ["BINARY", olderType.toBuffer(olderDatum)],
    ["JSON", Buffer.from(olderType.toString(olderDatum))],
    ["", olderType.toBuffer(olderDatum)],
  ])("%s is read with the revision it was written with, fetched once", async (encoding, body) => {
    const transform = await decoder({ endpoint: emulator.address });
    const from = origin(body, { attributes: topic(encoding, revision, NAME) });
    expect(transform.prepare?.(from)).toBeInstanceOf(Promise);
    expect(await read(transform, from)).toStrictEqual({ ...featureEvent, version: 0 });
    expect(transform.prepare?.(from)).toBeUndefined();
  });

  test("topicSchema names the schema of messages that do not", async () => {
    const transform = await decoder({ endpoint: emulator.address, topicSchema: NAME, encoding: "pubsub" });
    for (const attributes of [topic("BINARY", revision), topic("BINARY"), {}])
      expect(await read(transform, origin(olderType.toBuffer(olderDatum), { attributes }))).toStrictEqual({
        ...featureEvent,
        version: 0,
      });
  });

  test("a revision that Pub/Sub does not have is bad data", async () => {
    const transform = await decoder({ endpoint: emulator.address });
    const from = origin(raw, { attributes: topic("BINARY", "00000000", NAME) });
    await expect(read(transform, from)).rejects.toMatchObject({
      name: "DataError",
      code: "avro-schema-not-found",
    });
    expect(codeOf(() => transform.apply(from.body, from))).toBe("avro-schema-not-found");
  });

  test("Pub/Sub being away is weather", async () => {
    const away = await startPubSub();
    await away.close();
    const transform = await decoder({ endpoint: away.address });
    const from = origin(raw, { attributes: topic("BINARY", revision, NAME) });
    await expect(transform.prepare?.(from)).rejects.not.toMatchObject({ name: "DataError" });
  });

  test.each([
    topic("BINARY", "a1", "schemas/events"),
    topic("BINARY", "../../x", NAME),
    topic("PROTOBUF", "a1", NAME),
  ])("attributes that make no sense are bad data: %j", async (attributes) => {
    const transform = await decoder({ endpoint: emulator.address });
    const from = origin(raw, { attributes });
    expect(transform.prepare?.(from)).toBeUndefined();
    expect(codeOf(() => transform.apply(from.body, from))).toBe("avro-bad-attributes");
  });
});

describe("bad data", () => {
  test.each([
    ["avro-truncated", "auto", raw.subarray(0, -1)],
    ["avro-truncated", "auto", Buffer.alloc(0)],
    ["avro-trailing-data", "auto", Buffer.concat([raw, Buffer.alloc(1)])],
    ["avro-unknown-fingerprint", "auto", writeSingleObject(5n, raw)],
    ["avro-bad-single-object", "auto", Buffer.from([0xc3, 0x01, 1])],
    ["avro-bad-single-object", "single-object", raw],
    ["gzip-corrupt", "auto", Buffer.concat([gzipSync(raw).subarray(0, 20)])],
    ["gzip-corrupt", "auto", gzipSync(gzipSync(raw))],
    ["gzip-too-large", "auto", gzipSync(Buffer.alloc(1_000_000, 0x20))],
    ["json-invalid", "auto", Buffer.from('{"project":')],
    ["json-too-deep", "auto", Buffer.from(`{"a":${"[".repeat(100)}${"]".repeat(100)}}`)],
    ["avro-bad-json-encoding", "json", plainJson],
    ["json-not-an-object", "json", Buffer.from("[]")],
    ["avro-bad-length", "binary", plainJson],
  ])("%s with encoding %s", async (code, encoding, body) => {
    const transform = await decoder({ encoding });
    expect(codeOf(() => transform.apply(body, origin(body)))).toBe(code);
  });

  test("a file's schema that is unusable or does not fit is bad data", async () => {
    const transform = await decoder();
    for (const [json, code] of [
      ["{", "avro-bad-schema"],
      ['"int"', "avro-incompatible-schema"],
    ] as const) {
      const from = origin(raw, { writerSchema: writerSchema(json) });
      expect([
        codeOf(() => transform.apply(raw, from)),
        codeOf(() => transform.apply(raw, from)),
      ]).toStrictEqual([code, code]);
    }
  });

  test("a number that would lose digits in Avro JSON is refused", async () => {
    const transform = await decoder({ encoding: "json" });
    const text = type.toString(featureDatum).replace('{"long":3}', '{"long":-4503599627370497}');
    const bytes = Buffer.from(text);
    expect(codeOf(() => transform.apply(bytes, origin(bytes)))).toBe("avro-long-out-of-range");
  });

  test("every code that is thrown is documented, and no other", () => {
    const files = ["src/avro", "src/transforms/avro-decode", "src/events"].flatMap((path) =>
      readdirSync(path).map((file) => join(path, file)),
    );
    const read = files.filter((file) => /(avro|json-)/.test(file)).map((file) => readFileSync(file, "utf8"));
    const inCode = read
      .join("\n")
      .replaceAll(/"avro-container-[a-z-]+"/g, "")
      .matchAll(/"((?:avro|gzip|json)-[a-z0-9-]+)"/g);
    const thrown = new Set([...inCode].map((match) => match[1]));
    // Thrown on blocks of files by the scan, which the file source calls.
    thrown.delete("avro-wrong-count");
    // Ends the run before it starts: no event is to blame.
    for (const code of ["avro-schema-invalid", "avro-schema-ambiguous"]) thrown.delete(code);
    expect([...thrown].sort()).toStrictEqual(Object.keys(avroDecodeRejects).sort());
  });
});

describe("configuration", () => {
  test("a schema that is missing or bad names its file", async () => {
    await expect(decoder({ schema: "none.avsc" })).rejects.toThrow(
      /^Cannot use the Avro schema none.avsc: ENOENT/,
    );
    writeFileSync(join(folder, "bad.avsc"), "{");
    await expect(decoder({ schema: "bad.avsc" })).rejects.toMatchObject({
      name: "RunError",
      code: "avro-schema-invalid",
    });
    writeFileSync(join(folder, "int.avsc"), '"int"');
    await expect(decoder({ schema: "int.avsc" })).rejects.toThrow("must describe a record");
  });

  test("auto is refused where a datum could look like something else", async () => {
    const first = { type: "record", name: "R", fields: [{ name: "a", type: "long" }] };
    writeFileSync(join(folder, "long-first.avsc"), JSON.stringify(first));
    await expect(decoder({ schema: "long-first.avsc" })).rejects.toMatchObject({
      code: "avro-schema-ambiguous",
    });
    expect(await decoder({ schema: "long-first.avsc", encoding: "binary" })).toBeDefined();
  });
});
