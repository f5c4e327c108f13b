import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { recordingLog } from "../../support/context.ts";
import { entriesOf, textsOf } from "../../support/intakes.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { readAll, recordingGauges, type Settings } from "./reading.ts";

async function read(content: string | Uint8Array, settings: Settings = {}, name = "a.ndjson") {
  const folder = await tempFolder();
  await writeFile(join(folder, name), content);
  return (await readAll(folder, settings)).records;
}

describe("NDJSON, trouble", () => {
  it("names the pattern and the folder when nothing matches", async () => {
    const folder = await tempFolder();
    await expect(readAll(folder, { paths: ["*.ndjson"] })).rejects.toMatchObject({
      code: "no-files",
      message: expect.stringContaining(`"*.ndjson" below ${folder}`),
    });
  });

  it("hands over a line that is too long as one record that cannot be listed, and goes on after it", async () => {
    const long = "x".repeat(200_000);
    const records = await read(`1\n${long}\n2\n`, { blockBytes: 1_000, maxLineBytes: 100_000 });
    expect(records.map((record) => record.id)).toEqual(["a.ndjson:0", "a.ndjson:2", "a.ndjson:200003"]);
    expect(() => records[1]!.entries?.()).toThrowError(
      expect.objectContaining({ name: "DataError", code: "line-too-long" }),
    );
    expect(records[1]!.body.length).toBe(65_536);
    expect(textsOf([records[0]!, records[2]!])).toEqual(["1", "2"]);
  });

  it.each([1_000, 100_000])(
    "draws the line exactly at maxLineBytes, with blocks of %d bytes",
    async (blockBytes) => {
      const fits = "x".repeat(100_000);
      const settings = { blockBytes, maxLineBytes: 100_000 };
      for (const ending of ["\n", ""]) {
        expect(textsOf(await read(fits + ending, settings))).toEqual([fits]);
        const records = await read(`${fits}x${ending}`, settings);
        expect(records).toHaveLength(1);
        expect(() => records[0]!.entries?.()).toThrowError(
          expect.objectContaining({ code: "line-too-long" }),
        );
      }
    },
  );

  it("ends the run at a gzip file that was cut short, naming the byte", async () => {
    const packed = gzipSync("1\n2\n".repeat(1000));
    await expect(read(packed.subarray(0, packed.length - 4))).rejects.toMatchObject({
      name: "RunError",
      code: "gzip-truncated",
      message: expect.stringContaining(`byte ${packed.length - 4}`),
    });
  });

  it("ends the run at a gzip file that is not gzip all the way", async () => {
    const packed = Buffer.concat([gzipSync("1\n"), Buffer.from("and more")]);
    await expect(read(packed)).rejects.toMatchObject({ code: "gzip-corrupt" });
  });

  it("reads what is whole of a damaged gzip file when told to, and says what it left out", async () => {
    const folder = await tempFolder();
    const packed = Buffer.concat([gzipSync("1\n2\n"), gzipSync("3\n").subarray(0, 12)]);
    await writeFile(join(folder, "a.gz"), packed);
    const log = recordingLog();
    const { records } = await readAll(folder, { onDamage: "skip-block" }, { log });
    expect(textsOf(records).slice(0, 2)).toEqual(["1", "2"]);
    expect(log.lines).toMatchObject([{ level: "warn", fields: { file: "a.gz", code: "gzip-truncated" } }]);
  });

  it("keeps the head of the damaged part as a dead letter when told to", async () => {
    const packed = gzipSync("1\n2\n");
    const records = await read(Buffer.concat([packed, Buffer.from("garbage")]), {
      onDamage: "dead-letter-block",
    });
    expect(textsOf(records.slice(0, 1))).toEqual(["1", "2"]);
    expect(() => records[1]!.entries?.()).toThrowError(expect.objectContaining({ code: "gzip-corrupt" }));
  });

  it("refuses a gzip bomb", async () => {
    await expect(
      read(gzipSync(Buffer.alloc(40_000_000, "x")), { maxGunzipRatio: 200 }),
    ).rejects.toMatchObject({
      code: "gzip-bomb",
    });
  });

  it.each([
    ["zstd", [0x28, 0xb5, 0x2f, 0xfd, 0]],
    ["zip", [0x50, 0x4b, 3, 4]],
    ["Parquet", [0x50, 0x41, 0x52, 0x31]],
    ["UTF-16", [0xff, 0xfe, 0x7b, 0]],
  ])("refuses a file that is %s", async (_, bytes) => {
    await expect(read(Buffer.from(bytes))).rejects.toMatchObject({ code: "unsupported-file" });
    await expect(read(gzipSync(Buffer.from(bytes)))).rejects.toMatchObject({ code: "unsupported-file" });
  });
});

describe("NDJSON", () => {
  it.each([
    ["an empty file", "", []],
    ["one line", '{"a":1}\n', ['{"a":1}']],
    ["one line without its end", '{"a":1}', ['{"a":1}']],
    ["line ends of Windows", "1\r\n2\r\n", ["1", "2"]],
    ["blank lines", "\n1\n \t\n\r\n2\n\n", ["1", "2"]],
    ["nothing but blank lines", "\n\r\n \n", []],
    ["a byte order mark", "\ufeff1\n\ufeff2\n", ["1", "\ufeff2"]],
    ["nothing but a byte order mark", "\ufeff", []],
  ])("reads %s", async (_, content, expected) => {
    expect(textsOf(await read(content))).toEqual(expected);
    expect(textsOf(await read(gzipSync(content), {}, "a.ndjson.gz"))).toEqual(expected);
  });

  it("offers no record for a block without entries", async () => {
    expect(await read("\n".repeat(100), { blockBytes: 16, maxLineBytes: 16 })).toEqual([]);
  });

  it("reads a line of ten megabytes", async () => {
    const line = "x".repeat(10_485_760);
    expect(textsOf(await read(`1\n${line}\n2\n`))).toEqual(["1", line, "2"]);
  });

  it("gives every entry an id, and knows no time, attributes or schema", async () => {
    const [first, second, third] = entriesOf(
      await read("1\n2\n345678901234567\n", { blockBytes: 16, maxLineBytes: 16 }),
    );
    expect([first!.id, second!.id, third!.id]).toEqual(["a.ndjson:0#0", "a.ndjson:0#1", "a.ndjson:4#0"]);
    expect(first).toMatchObject({ attributes: {}, publishedAtMs: 0, attempt: 1, writerSchema: undefined });
  });

  it("reads gzip members that follow one another as one text", async () => {
    const packed = Buffer.concat([gzipSync("1\n2"), gzipSync("3\n4\n"), Buffer.alloc(20)]);
    expect(textsOf(await read(packed))).toEqual(["1", "23", "4"]);
  });

  it("reads all files once, in the order of their paths", async () => {
    const folder = await tempFolder();
    await mkdir(join(folder, "sub"));
    for (const name of ["b.ndjson", "a.ndjson", "sub/c.ndjson", "a10.ndjson", "a[1].ndjson"])
      await writeFile(join(folder, name), `"${name}"\n`);
    const { records } = await readAll(folder, { paths: ["b*", "a[1].ndjson", "**/*.ndjson", folder] });
    expect(records.map((record) => record.id)).toEqual([
      "a.ndjson:0",
      "a10.ndjson:0",
      "a[1].ndjson:0",
      "b.ndjson:0",
      "sub/c.ndjson:0",
    ]);
  });

  it("names files outside the base folder by their whole path", async () => {
    const [base, other] = [await tempFolder(), await tempFolder()];
    await writeFile(join(other, "a"), "1\n");
    const { records } = await readAll(base, { paths: join(other, "*") });
    expect(records.map((record) => record.id)).toEqual([`${other}/a:0`]);
  });

  it("reports its progress", async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, "a"), "1\n2\n");
    await writeFile(join(folder, "b"), "3\n");
    const { values: gauges, gauge } = recordingGauges();
    await readAll(folder, {}, { gauge });
    expect(gauges).toEqual({
      backfill_bytes_total: 6,
      backfill_bytes_read: 6,
      backfill_files_total: 2,
      backfill_files_done: 2,
    });
  });

  it("cuts any text into the same entries and ids, plain and gzipped, whatever the sizes", async () => {
    const folder = await tempFolder();
    const line = fc.oneof(fc.string({ maxLength: 12 }), fc.string({ minLength: 30, maxLength: 80 }));
    const endings = fc.constantFrom("\n", "\r\n", "\n\n");
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(line, endings), { maxLength: 30 }),
        fc.boolean(),
        fc.integer({ min: 16, max: 64 }),
        async (lines, lastEnds, blockBytes) => {
          const text = lines.map(([content, end]) => content + end).join("");
          const content = Buffer.from(lastEnds ? text : text.trimEnd());
          await writeFile(join(folder, "x"), content);
          const settings = { blockBytes, maxLineBytes: 400 };
          const plain = (await readAll(folder, settings)).records;
          const expected = content
            .toString()
            .replace(/^\ufeff/, "")
            .split("\n")
            .map((one) => one.replace(/\r+$/, ""))
            .filter((one) => /[^ \t\r]/.test(one));
          expect(textsOf(plain)).toEqual(expected);
          await writeFile(join(folder, "x"), gzipSync(content));
          const packed = (await readAll(folder, settings)).records;
          expect(entriesOf(packed).map((entry) => entry.id)).toEqual(
            entriesOf(plain).map((entry) => entry.id),
          );
          expect(textsOf(packed)).toEqual(expected);
        },
      ),
      { numRuns: 150 },
    );
  });
});
