import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { describe, expect, it } from "vitest";

import { writeContainer } from "../../../src/avro/container-writer.ts";
import { type Clock, systemClock } from "../../../src/engine/clock.ts";
import { LocalCloudStorage } from "../../support/cloud-storage.ts";
import { recordingLog } from "../../support/context.ts";
import { entriesOf, textsOf } from "../../support/intakes.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { aFileSource, readAll, type Settings } from "./reading.ts";

/** Tries follow one another at once, and a silent connection is given up after a second. */
const hurried: Clock = {
  ...systemClock,
  after: (ms, fn) => systemClock.after(ms < SILENCE_MS ? 0 : 1_000, fn),
};
const SILENCE_MS = 10_000;

const read = (folder: string, settings: Settings, with_: object = {}) =>
  readAll(folder, settings, { clock: hurried, random: () => 0.1, ...with_ });

const datum = (n: number) => {
  const body = Buffer.from(`${n} `.padEnd(3_000, "y"));
  return Buffer.concat([Buffer.from([0xf0, 0x2e]), body]);
};
/** Of so many data of 3,000 bytes. */
const container = (n: number) =>
  writeContainer(
    JSON.stringify("bytes"),
    Array.from({ length: n }, (_, i) => datum(i)),
  );
const numbersOf = (records: Parameters<typeof entriesOf>[0]) =>
  entriesOf(records).map(({ body }) => Number.parseInt(Buffer.from(body.subarray(2)).toString("latin1"), 10));
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

describe("Cloud Storage, which objects", () => {
  it.each([
    ["gs://b/day/*.ndjson", ["1", "2"]],
    ["gs://b/day/**/*.ndjson", ["1", "2", "3"]],
    ["gs://b/day", ["1", "2", "3", "4"]],
    ["gs://b/day/", ["1", "2", "3", "4"]],
    ["gs://b/day/deep/{c,x}.ndjson", ["3"]],
    ["gs://b/day/a.ndjson", ["1"]],
    ["gs://b/day/odd[1].txt", ["4"]],
    ["gs://b/**", ["1", "2", "3", "4", "5"]],
    ["gs://b", ["1", "2", "3", "4", "5"]],
  ])("%s", async (pattern, expected) => {
    const storage = await LocalCloudStorage.start();
    storage.objectsAPage = 2;
    storage.put("day/", "");
    storage.put("day/a.ndjson", "1\n");
    storage.put("day/b.ndjson", "2\n");
    storage.put("day/deep/c.ndjson", "3\n");
    storage.put("day/odd[1].txt", "4\n");
    storage.put("days/d.ndjson", "5\n");
    const { records } = await read(await tempFolder(), { paths: pattern });
    expect(textsOf(records).sort()).toEqual(expected);
    expect(records[0]?.id).toMatch(/^gs:\/\/b\/day/);
  });

  it("may stand beside files, and says when nothing matches", async () => {
    const storage = await LocalCloudStorage.start();
    storage.put("a.ndjson", "1\n");
    const folder = await tempFolder();
    await writeFile(join(folder, "b.ndjson"), "2\n");
    expect(textsOf((await read(folder, { paths: ["gs://b/*.ndjson", "b.ndjson"] })).records).sort()).toEqual([
      "1",
      "2",
    ]);
    await expect(read(folder, { paths: "gs://b/*.avro" })).rejects.toThrow(
      /No file matches "gs:\/\/b\/\*\.avro"\. /,
    );
    await expect(read(folder, { paths: "gs://*/a" })).rejects.toThrow(/names no bucket/);
  });
});

describe("Cloud Storage, reading", () => {
  it("reads containers, gzip and lines by ranges, each byte about once", async () => {
    const storage = await LocalCloudStorage.start();
    const avro = container(4_000);
    storage.put("a.avro", avro);
    storage.put("b.ndjson.gz", gzipSync("1\n2\n"));
    storage.put("c.ndjson", "3\n");
    const { records } = await read(await tempFolder(), { paths: "gs://b/**" });
    expect(numbersOf(records.filter(({ id }) => id.includes("a.avro")))).toEqual(upTo(4_000));
    expect(textsOf(records.filter(({ id }) => !id.includes("a.avro")))).toEqual(["1", "2", "3"]);
    const asked = storage.readsOf("a.avro");
    expect(asked.reduce((sum, { from, to }) => sum + to - from, 0)).toBe(avro.length);
    expect(asked.length).toBeLessThan(10);
    expect(Math.max(...asked.map(({ from, to }) => to - from))).toBeLessThanOrEqual(4 * 1024 * 1024);
  });

  it("goes on where a connection broke, and asks again after 503, 429 and 500", async () => {
    const storage = await LocalCloudStorage.start();
    storage.put("a.avro", container(2_000));
    let n = 0;
    storage.fault = ({ what }) => {
      n += 1;
      if (what === "list") return n < 3 ? { status: 503 } : undefined;
      if (n === 6 || n === 9) return { cutAfter: 200_000 };
      return n % 2 === 0 ? { status: n % 4 === 0 ? 429 : 500 } : undefined;
    };
    const { records } = await read(await tempFolder(), { paths: "gs://b/a.avro" });
    expect(numbersOf(records)).toEqual(upTo(2_000));
    // Stretches begin at multiples of 256 KiB; what was cut is asked for from there on.
    const rest = storage.readsOf("a.avro").filter(({ from }) => from % (256 * 1024) !== 0);
    expect(rest.length).toBeGreaterThanOrEqual(2);
  });

  it("gives up after ten failures in a row, and at once where asking again changes nothing", async () => {
    const storage = await LocalCloudStorage.start();
    storage.put("a.ndjson", "1\n");
    const folder = await tempFolder();
    storage.fault = ({ what }) => (what === "read" ? { status: 503 } : undefined);
    await expect(read(folder, { paths: "gs://b/a.ndjson" })).rejects.toMatchObject({
      code: "storage-unavailable",
    });
    expect(storage.readsOf("a.ndjson")).toHaveLength(11);
    storage.fault = () => ({ status: 403 });
    await expect(read(folder, { paths: "gs://b/a.ndjson" })).rejects.toMatchObject({
      code: "storage-refused",
      message: expect.stringMatching(/it answered 403.*objectViewer/),
    });
    expect(storage.asked.filter(({ what }) => what === "list")).toHaveLength(2);
  });

  it("refuses an object that was replaced while it was read", async () => {
    const storage = await LocalCloudStorage.start();
    storage.put("a.avro", container(2_000));
    storage.fault = ({ what, from }) => {
      if (what === "read" && from > 0) storage.put("a.avro", container(3_000));
      return undefined;
    };
    await expect(read(await tempFolder(), { paths: "gs://b/a.avro" })).rejects.toMatchObject({
      code: "file-changed",
      message: expect.stringMatching(/gs:\/\/b\/a\.avro is gone, or was replaced/),
    });
  });

  it("knows an object again by its generation", async () => {
    const storage = await LocalCloudStorage.start();
    storage.put("a.ndjson", "1\n");
    const folder = await tempFolder();
    const settings = { paths: "gs://b/a.ndjson", state: "state" };
    await read(folder, settings);
    expect((await read(folder, settings)).records).toEqual([]);
    const saved = JSON.parse(await readFile(join(folder, "state", "checkpoint.json"), "utf8"));
    expect(saved.files["gs://b/a.ndjson"]).toEqual({ bytes: 2, generation: "1001", position: 2, done: true });
    storage.put("a.ndjson", "2\n");
    await expect(read(folder, settings)).rejects.toThrow(/written again since \(another generation\)/);
    expect(textsOf((await read(folder, { ...settings, force: true })).records)).toEqual(["2"]);
  });

  it("ends when it is told to stop while Cloud Storage does not answer", async () => {
    const storage = await LocalCloudStorage.start();
    storage.put("a.ndjson", "1\n");
    const stop = new AbortController();
    storage.fault = ({ what }) => {
      if (what === "read") setImmediate(() => stop.abort());
      return what === "read" ? { status: 503 } : undefined;
    };
    const source = await aFileSource(
      await tempFolder(),
      { paths: "gs://b/a.ndjson" },
      { clock: systemClock },
    );
    await source.run({ offer: () => undefined }, stop.signal);
    await source.close();
  });
});

describe("Cloud Storage, checksums", () => {
  it("refuses an object that arrived with another bit, and reads it from its start the next time", async () => {
    const storage = await LocalCloudStorage.start();
    const text = (n: number) => `${JSON.stringify({ n, filler: "x".repeat(1_000) })}\n`;
    const content = Buffer.from(upTo(2_000).map(text).join(""));
    storage.put("a.ndjson", content);
    storage.fault = () => ({ flip: content.indexOf("xxx", 1_500_000) });
    const folder = await tempFolder();
    const settings = { paths: "gs://b/a.ndjson", state: "state" };
    await expect(read(folder, settings)).rejects.toMatchObject({ code: "checksum-mismatch" });
    const saved = JSON.parse(await readFile(join(folder, "state", "checkpoint.json"), "utf8"));
    expect(saved.files["gs://b/a.ndjson"]).toMatchObject({ position: 0, done: false });
    storage.fault = () => undefined;
    expect(entriesOf((await read(folder, settings)).records)).toHaveLength(2_000);
    expect((await read(folder, settings)).records).toEqual([]);
  });

  it("says of a part that its checksum was not checked", async () => {
    const storage = await LocalCloudStorage.start();
    storage.put("a.avro", container(1_500));
    const folder = await tempFolder();
    const numbers: number[] = [];
    for (const index of [0, 1]) {
      const log = recordingLog();
      const settings = { paths: "gs://b/a.avro", shard: { index, of: 2 } };
      numbers.push(...numbersOf((await read(folder, settings, { log })).records));
      const said = log.lines.filter(({ message }) => message.startsWith("read in part: its checksum"));
      expect(said.length).toBeGreaterThan(0);
    }
    expect(numbers.sort((a, b) => a - b)).toEqual(upTo(1_500));
  });
});
