import { appendFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { writeContainer } from "../../../src/avro/container-writer.ts";
import type { InputFile } from "../../../src/sources/file/find-inputs.ts";
import { bytesOf } from "../../../src/sources/file/find-inputs.ts";
import { planShards } from "../../../src/sources/file/shards.ts";
import { recordingLog } from "../../support/context.ts";
import { entriesOf } from "../../support/intakes.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { aFileSource, readAll, recordingGauges } from "./reading.ts";

const anyFiles = fc
  .array(fc.record({ bytes: fc.nat({ max: 5_000 }), gz: fc.boolean() }), { maxLength: 30 })
  .map((files) =>
    files.map(({ bytes, gz }, i): InputFile => {
      const name = `${String(i).padStart(3, "0")}${gz ? ".gz" : ".avro"}`;
      return { path: `/${name}`, name, bytes, mtimeMs: 0 };
    }),
  );
const rules = {
  leastPieceBytes: 64,
  canBeCut: ({ name }: InputFile) => Promise.resolve(!name.endsWith(".gz")),
};

describe("the plan of the shards", () => {
  it("gives each byte of each file to one shard, and gzip files whole", async () => {
    await fc.assert(
      fc.asyncProperty(anyFiles, fc.integer({ min: 1, max: 20 }), async (files, of) => {
        const shards = await planShards(files, of, rules);
        expect(shards).toHaveLength(of);
        for (const file of files) {
          const units = shards.flat().filter(({ name }) => name === file.name);
          units.sort((a, b) => (a.part?.from ?? 0) - (b.part?.from ?? 0));
          if (file.name.endsWith(".gz")) expect(units).toEqual([file]);
          const borders = units.flatMap(({ part }) => (part ? [part.from, part.to] : [0, file.bytes]));
          const [first, last, ...inner] = [borders[0], borders.at(-1), ...borders.slice(1, -1)];
          expect([first, last]).toEqual([0, file.bytes]);
          for (let i = 0; i < inner.length; i += 2) expect(inner[i]).toBe(inner[i + 1]);
        }
      }),
    );
  });

  it("gives no shard more than a quarter above its share of what can be cut, or one small piece", async () => {
    await fc.assert(
      fc.asyncProperty(anyFiles, fc.integer({ min: 1, max: 20 }), async (all, of) => {
        const files = all.filter(({ name }) => !name.endsWith(".gz"));
        const shards = await planShards(files, of, rules);
        const fair = files.reduce((sum, { bytes }) => sum + bytes, 0) / of;
        const most = fair + Math.max(Math.ceil(fair / 4), rules.leastPieceBytes) + 1;
        for (const shard of shards)
          expect(shard.reduce((sum, unit) => sum + bytesOf(unit), 0)).toBeLessThanOrEqual(most);
      }),
    );
  });

  it("is the same whoever makes it, and looks into few files", async () => {
    const files = Array.from({ length: 1_000 }, (_, i): InputFile => {
      return { path: `/${i}`, name: `${i}.avro`, bytes: i === 7 ? 1e9 : 1e6 + (i % 13), mtimeMs: i };
    });
    let asked = 0;
    const counting = { ...rules, leastPieceBytes: 1024 * 1024, canBeCut: async () => ++asked > 0 };
    const [one, two] = [await planShards(files, 8, counting), await planShards(files, 8, counting)];
    expect(two).toEqual(one);
    expect(asked).toBe(2);
  });
});

const text = (n: number) => `${JSON.stringify({ n, filler: "x".repeat(1_000) })}\n`;
const datum = (n: number) => {
  const body = Buffer.from(`${n} `.padEnd(3_000, "y"));
  return Buffer.concat([Buffer.from([0xf0, 0x2e]), body]);
};

/** Two files that are cut, and two that are not. */
async function aFolder(): Promise<string> {
  const folder = await tempFolder();
  const lines = (n: number) => Array.from({ length: n }, (_, i) => text(i)).join("");
  await writeFile(join(folder, "a.ndjson"), lines(4_500));
  await writeFile(join(folder, "b.ndjson.gz"), gzipSync(lines(200)));
  const data = Array.from({ length: 1_200 }, (_, i) => datum(i));
  await writeFile(join(folder, "c.avro"), writeContainer(JSON.stringify("bytes"), data));
  await writeFile(join(folder, "d.ndjson"), lines(3));
  return folder;
}

const bodies = (records: Parameters<typeof entriesOf>[0]) =>
  entriesOf(records).map(({ body }) => Buffer.from(body).toString("latin1"));

describe("a run in shards", () => {
  it("reads what one process reads, each once, and goes on where it stopped", async () => {
    const folder = await aFolder();
    const whole = bodies((await readAll(folder, { paths: "*.*" })).records).sort();
    const parts: string[] = [];
    for (let index = 0; index < 3; index++) {
      const settings = { paths: "*.*", state: "state", shard: { index, of: 3 } };
      parts.push(...bodies((await readAll(folder, settings)).records));
      expect((await readAll(folder, settings)).records).toEqual([]);
    }
    expect(parts.sort()).toEqual(whole);
    expect((await readdir(join(folder, "state"))).sort()).toEqual([
      "plan.json",
      "shard-0-of-3",
      "shard-1-of-3",
      "shard-2-of-3",
    ]);
  });

  it("counts the bytes of its own part", async () => {
    const folder = await aFolder();
    const bytesIn = async (settings: object) => {
      const { values, gauge } = recordingGauges();
      await readAll(folder, { paths: "*.*", ...settings }, { gauge });
      expect(values["backfill_bytes_read"]).toBe(values["backfill_bytes_total"]);
      return values["backfill_bytes_total"] ?? 0;
    };
    const parts = [0, 1, 2].map((index) => bytesIn({ shard: { index, of: 3 } }));
    const [zero, one, two] = (await Promise.all(parts)) as [number, number, number];
    const total = await bytesIn({});
    expect(zero + one + two).toBe(total);
    expect(Math.max(zero, one, two)).toBeLessThan(total / 2);
  });

  it("refuses another list of files, another number of shards, and a folder of a run that was not divided", async () => {
    const folder = await aFolder();
    const shard = (index: number, of: number) => ({ paths: "*.*", state: "state", shard: { index, of } });
    await readAll(folder, shard(0, 3));
    await expect(readAll(folder, shard(1, 4))).rejects.toMatchObject({
      code: "shards-changed",
      message: expect.stringMatching(/agreed on 3 shards, and this one is of 4\. .*force/),
    });
    await expect(readAll(folder, { paths: "*.*", state: "state" })).rejects.toThrow(
      /is of a run in 3 shards, and this is one process/,
    );
    await appendFile(join(folder, "d.ndjson"), text(9));
    await expect(readAll(folder, shard(0, 3))).rejects.toThrow(
      /agreed on 4 files of \d+ bytes, and now there are 4/,
    );
    const log = recordingLog();
    await readAll(folder, { ...shard(0, 3), force: true }, { log });
    expect(log.lines[0]).toMatchObject({
      level: "warn",
      message: expect.stringMatching(/forced to make a new plan/),
    });
    await readAll(folder, shard(1, 3));
    await rm(join(folder, "state"), { recursive: true });
    await readAll(folder, { paths: "*.*", state: "state" });
    await expect(readAll(folder, shard(0, 3))).rejects.toThrow(/of a run that was not divided into shards/);
  });

  it("has a lock for each shard: the same one twice is refused, two of them are not", async () => {
    const folder = await aFolder();
    const settings = (index: number) => ({ paths: "*.*", state: "state", shard: { index, of: 2 } });
    const held = await aFileSource(folder, settings(0));
    const running = held.run({ offer: (record) => void record.settle("ack") }, new AbortController().signal);
    await running;
    await expect(readAll(folder, settings(0))).rejects.toMatchObject({ code: "state-locked" });
    await readAll(folder, settings(1));
    await held.close();
    await readAll(folder, settings(0));
  });

  it("with more shards than there is to read leaves some with nothing", async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, "a.ndjson"), "1\n");
    expect((await readAll(folder, { shard: { index: 1, of: 5 } })).records).toEqual([]);
    expect((await readAll(folder, { shard: { index: 0, of: 5 } })).records).toHaveLength(1);
  });
});
