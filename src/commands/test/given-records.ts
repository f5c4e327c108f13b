// The records of a case, as bytes, before anything runs: a file that is missing or a value that does not fit its
// schema is a problem of the test file, with its place.

import type { SourceRecord, WriterSchema } from "../../engine/contracts.ts";
import { DataError, RunError } from "../../engine/errors.ts";
import type { Outside } from "../../config/outside.ts";
import { toPointer } from "../../config/positions.ts";
import type { Given, TestCase } from "../../config/test-file.ts";
import { readText, type YamlFile } from "../../config/yaml-file.ts";

const MAX_SCHEMA_BYTES = 16 * 1024 * 1024;
/** A test is for reading: what needs more is a backfill. */
const MAX_FILE_RECORDS = 10_000;

export interface GivenRecord {
  readonly body: Uint8Array;
  readonly attributes: Readonly<Record<string, string>>;
  readonly writerSchema: WriterSchema | undefined;
  readonly publishedAtMs: number;
  readonly attempt: number;
  readonly times: number;
  /** Undefined: right after the one before it. */
  readonly atMs: number | undefined;
}

/** `file` gets the problems; then what comes back is not to be used. `baseDir` is absolute. */
export async function givenRecords(
  { given }: TestCase,
  index: number,
  at: { readonly file: YamlFile; readonly baseDir: string; readonly outside: Outside },
): Promise<GivenRecord[]> {
  const records: GivenRecord[] = [];
  for (const [i, one] of given.entries()) {
    const path = ["cases", index, "given", i] as const;
    try {
      for (const body of await bodiesOf(one, at)) {
        const { attempt, times, atMs } = one;
        records.push({
          ...body,
          attributes: { ...body.attributes, ...one.attributes },
          attempt,
          times,
          atMs,
        });
      }
    } catch (error) {
      if (!(error instanceof DataError || error instanceof RunError)) throw error;
      const inside = one.avro ? ["avro"] : ["file"];
      at.file.add({ code: error.code, path: toPointer([...path, ...inside]), message: error.message });
    }
  }
  return records;
}

type Body = Pick<GivenRecord, "body" | "attributes" | "writerSchema" | "publishedAtMs">;

async function bodiesOf(
  one: Given,
  { baseDir, outside }: { readonly baseDir: string; readonly outside: Outside },
): Promise<Body[]> {
  if (one.file !== undefined) return readEntries(one.file, baseDir);
  return [{ body: await bodyOf(one, baseDir, outside), ...nothingElse }];
}

const nothingElse = { attributes: {}, writerSchema: undefined, publishedAtMs: 0 };

async function bodyOf(
  { json, text, base64, avro }: Given,
  baseDir: string,
  outside: Outside,
): Promise<Uint8Array> {
  if (base64 !== undefined) return Buffer.from(base64, "base64");
  if (!avro) return Buffer.from(text ?? JSON.stringify(json));
  const [{ avroBody }, { resolve }] = await Promise.all([import("./avro-body.ts"), import("node:path")]);
  const schema =
    avro.schema === undefined ? undefined : await schemaText(resolve(baseDir, avro.schema), outside);
  return avroBody(avro.value, { schema, encoding: avro.encoding ?? "raw" });
}

async function schemaText(path: string, outside: Outside): Promise<string> {
  const text = await readText(path, MAX_SCHEMA_BYTES, outside);
  if (typeof text !== "string") throw new DataError(text.code, `the schema cannot be read: ${text.message}`);
  return text;
}

/** What a backfill would hand to the first transform, entry by entry. */
export async function readEntries(
  pattern: string,
  baseDir: string,
  count = Number.POSITIVE_INFINITY,
): Promise<Body[]> {
  const [{ default: fileSource }, { systemClock }] = await Promise.all([
    import("../../sources/file/file.ts"),
    import("../../engine/clock.ts"),
  ]);
  const { compile } = await import("../../config/check.ts");
  const config: Record<string, unknown> = { paths: [pattern] };
  compile(fileSource.config).validate(config);
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const source = await fileSource.create(config as never, {
    ...{ pipeline: "test", stage: "file", log: silent, clock: systemClock, random: () => 0.5, baseDir },
    ...{ destinations: none, enablement: { forEnvironment: () => undefined } },
    ...{ count() {}, gauge() {} },
  });
  const found: Body[] = [];
  const stop = new AbortController();
  const take = (record: SourceRecord) => {
    for (const { body, attributes, writerSchema, publishedAtMs } of record.entries?.() ?? [record]) {
      if (found.length === count) {
        stop.abort();
        break;
      }
      if (found.length === MAX_FILE_RECORDS)
        throw new DataError("out-of-range", `${pattern} holds more than ${MAX_FILE_RECORDS} records`);
      // The block's memory is used again.
      found.push({ body: Buffer.from(body), attributes, writerSchema, publishedAtMs });
    }
    record.settle("ack");
    return undefined;
  };
  try {
    await source.run({ offer: take }, stop.signal);
  } finally {
    await source.close();
  }
  return found;
}

const none = { forEnvironment: () => [], get: () => undefined, all: () => [] };
