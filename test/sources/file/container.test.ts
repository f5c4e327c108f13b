import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import avro from "avsc";
import { describe, expect, it } from "vitest";

import { writeContainer } from "../../../src/avro/container-writer.ts";
import { recordingLog } from "../../support/context.ts";
import { entriesOf, HoldingIntake, textsOf } from "../../support/intakes.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { aFileSource, readAll, type Settings } from "./reading.ts";

const schema = {
  type: "record",
  name: "Sample",
  fields: [
    { name: "id", type: "int" },
    { name: "text", type: "string" },
  ],
} as const;
const type = avro.Type.forSchema(schema as never);
const values = Array.from({ length: 60 }, (_, id) => ({ id, text: `text ${id}` }));
const data = values.map((value) => type.toBuffer(value));

/** Five blocks or so. */
function container(codec: "null" | "deflate" | "snappy" = "null"): Buffer {
  return writeContainer(JSON.stringify(schema), data, { codec, blockBytes: 100 });
}

async function read(content: Uint8Array, settings: Settings = {}, name = "a.avro") {
  const folder = await tempFolder();
  await writeFile(join(folder, name), content);
  const log = recordingLog();
  let damaged = 0;
  const count = (metric: string, n: number) => {
    if (metric === "backfill_damaged_blocks_total") damaged += n;
  };
  const { records } = await readAll(folder, settings, { log, count });
  return { records, damaged, warnings: log.lines };
}

describe("container files, trouble", () => {
  it.each([
    ["an empty file", Buffer.alloc(0), "avro-container-truncated"],
    ["a file cut in its header", container().subarray(0, 60), "avro-container-truncated"],
    ["a file cut in a block", container().subarray(0, container().length - 20), "avro-container-truncated"],
    ["a file that is something else", Buffer.from("something else\n"), "avro-container-corrupt"],
    ["an unknown codec", writeWith("lzo"), "avro-container-unsupported-codec"],
  ])("ends the run at %s, naming the file and what to do", async (_, content, code) => {
    await expect(read(content)).rejects.toMatchObject({
      name: "RunError",
      code,
      message: expect.stringMatching(/a\.avro .*onDamage/),
    });
  });

  it("hands over every whole block before it ends the run", async () => {
    const folder = await tempFolder();
    const whole = container();
    await writeFile(join(folder, "a.avro"), whole.subarray(0, whole.length - 20));
    const source = await aFileSource(folder);
    const intake = new HoldingIntake();
    await expect(source.run(intake, new AbortController().signal)).rejects.toMatchObject({
      code: "avro-container-truncated",
    });
    await source.close();
    const all = (await read(whole)).records;
    expect(intake.records.map((record) => record.id)).toEqual(all.slice(0, -1).map((record) => record.id));
  });

  it.each(["null", "deflate", "snappy"] as const)(
    "passes over one damaged block (%s) and says which bytes",
    async (codec) => {
      const content = container(codec);
      const blocks = (await read(content)).records.map((record) => Number(record.id.split(":")[1]));
      const [from, to] = [blocks[1]!, blocks[2]!];
      content.fill(0xff, from + 8, to - 16);
      await expect(read(content)).rejects.toMatchObject({ name: "RunError" });
      const { records, damaged, warnings } = await read(content, { onDamage: "skip-block" });
      expect(records.map((record) => Number(record.id.split(":")[1]))).toEqual(
        blocks.filter((at) => at !== from),
      );
      expect(damaged).toBe(1);
      expect(warnings).toMatchObject([
        { level: "warn", fields: { file: "a.avro", fromByte: from, toByte: to } },
      ]);
    },
  );

  it("dead-letters the damaged block in its place when told to", async () => {
    const content = container();
    const ids = (await read(content)).records.map((record) => record.id);
    const [from, to] = [1, 2].map((index) => Number(ids[index]!.split(":")[1])) as [number, number];
    content[to - 1]! ^= 1;
    const { records } = await read(content, { onDamage: "dead-letter-block" });
    expect(records.map((record) => record.id)).toEqual(ids.filter((_, index) => index !== 2));
    expect(() => records[1]!.entries?.()).toThrowError(
      expect.objectContaining({ name: "DataError", code: "avro-container-corrupt" }),
    );
    expect(Buffer.from(records[1]!.body).subarray(0, to - from)).toEqual(content.subarray(from, to));
  });

  it("reads nothing of a file without a header, but goes on with the next", async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, "a.avro"), "Obj\x01 and then nothing of sense".padEnd(100));
    await writeFile(join(folder, "b.avro"), container());
    const { records } = await readAll(folder, { onDamage: "skip-block" });
    expect(entriesOf(records)).toHaveLength(values.length);
  });

  it("refuses a container inside gzip", async () => {
    await expect(read(gzipSync(container()))).rejects.toMatchObject({ code: "unsupported-file" });
  });

  it("at every length of a cut file gives whole blocks only, and an error unless the cut is at a border", async () => {
    const folder = await tempFolder();
    const whole = container("deflate");
    const borders = new Set((await read(whole)).records.map((record) => Number(record.id.split(":")[1])));
    for (let length = 0; length < whole.length; length += 1) {
      await writeFile(join(folder, "a.avro"), whole.subarray(0, length));
      const reading = readAll(folder).then(
        ({ records }) => records.length,
        (error: { code: string }) => error.code,
      );
      const result = await reading;
      if (borders.has(length)) expect(result).toEqual(expect.any(Number));
      else expect([length, result]).toEqual([length, "avro-container-truncated"]);
    }
  });
});

describe("container files", () => {
  it.each(["null", "deflate", "snappy"] as const)(
    "lists the data of %s blocks with their writer schema",
    async (codec) => {
      const { records } = await read(container(codec));
      const entries = entriesOf(records);
      expect(entries.map((entry) => type.fromBuffer(Buffer.from(entry.body)))).toEqual(values);
      expect(new Set(entries.map((entry) => entry.id)).size).toBe(values.length);
      expect(entries[0]).toMatchObject({
        id: `${records[0]!.id}#0`,
        attributes: {},
        publishedAtMs: 0,
        attempt: 1,
        writerSchema: { json: JSON.stringify(schema) },
      });
    },
  );

  it("reads a container whatever its name, when the first bytes say so", async () => {
    expect(entriesOf((await read(container(), {}, "data")).records)).toHaveLength(values.length);
  });

  it("reads it as lines when told to", async () => {
    const { records } = await read(Buffer.from("1\n"), { format: "ndjson" });
    expect(textsOf(records)).toEqual(["1"]);
  });

  it("reads a container without blocks, and one with a block without data", async () => {
    const empty = writeContainer(JSON.stringify(schema), []);
    expect((await read(empty)).records).toEqual([]);
    const marker = empty.subarray(-16);
    expect((await read(Buffer.concat([empty, Buffer.from([0, 0]), marker]))).records).toEqual([]);
  });
});

function writeWith(codec: string): Buffer {
  const text = container("snappy").toString("latin1");
  const name = `${codec}......`.slice(0, 6);
  return Buffer.from(text.replace("snappy", name), "latin1");
}
