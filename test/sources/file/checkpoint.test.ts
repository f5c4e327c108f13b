import { appendFile, mkdir, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { writeContainer } from "../../../src/avro/container-writer.ts";
import type { Intake, SourceRecord } from "../../../src/engine/contracts.ts";
import { VirtualClock } from "../../../src/engine/virtual-clock.ts";
import { recordingLog } from "../../support/context.ts";
import { entriesOf, HoldingIntake, textsOf } from "../../support/intakes.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { aFileSource, readAll, recordingGauges } from "./reading.ts";

const running = new AbortController().signal;
const small = { blockBytes: 16, maxLineBytes: 64, paths: "*.*", state: "state" };

async function aFolder(files: Readonly<Record<string, string | Buffer>> = { "a.ndjson": "1\n2\n3\n" }) {
  const folder = await tempFolder();
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

async function saved(folder: string) {
  return JSON.parse(await readFile(join(folder, "state", "checkpoint.json"), "utf8")) as {
    files: Record<string, { position: number; done: boolean }>;
  };
}

describe("checkpoint, trouble", () => {
  it.each([
    ["grew", (path: string) => appendFile(path, "4\n")],
    ["was written again", (path: string) => utimes(path, 1, 1)],
  ])("refuses a file that %s since, and reads it from its start when forced", async (_, change) => {
    const folder = await aFolder();
    await readAll(folder, small);
    await change(join(folder, "a.ndjson"));
    await expect(readAll(folder, small)).rejects.toMatchObject({ name: "RunError", code: "file-changed" });
    const { records } = await readAll(folder, { ...small, force: true });
    expect(textsOf(records).slice(0, 3)).toEqual(["1", "2", "3"]);
    expect((await readAll(folder, small)).records).toEqual([]);
  });

  it("refuses a file with another head, although size and time are the same", async () => {
    const folder = await aFolder();
    const path = join(folder, "a.ndjson");
    await utimes(path, 1, 1);
    await readAll(folder, small);
    await writeFile(path, "9\n2\n3\n");
    await utimes(path, 1, 1);
    await expect(readAll(folder, small)).rejects.toMatchObject({ code: "file-changed" });
  });

  it("refuses another definition, and goes on from the checkpoint when forced", async () => {
    const folder = await aFolder();
    await readAll(folder, { ...small, configVersion: "1" });
    await expect(readAll(folder, { ...small, configVersion: "2" })).rejects.toMatchObject({
      code: "config-changed",
    });
    const { records } = await readAll(folder, { ...small, configVersion: "2", force: true });
    expect(records).toEqual([]);
    expect((await readAll(folder, { ...small, configVersion: "2" })).records).toEqual([]);
  });

  it("refuses the checkpoint of another pipeline", async () => {
    const folder = await aFolder();
    await readAll(folder, small);
    await expect(readAll(folder, small, { pipeline: "other" })).rejects.toMatchObject({
      code: "config-changed",
    });
  });

  it("says which format a checkpoint of another version has, and what to do", async () => {
    const folder = await aFolder();
    await mkdir(join(folder, "state"));
    await writeFile(join(folder, "state", "checkpoint.json"), '{"version":2,"files":{}}');
    await expect(readAll(folder, small)).rejects.toThrow(
      /checkpoint\.json cannot be used: it has format 2 and this version of Sluice reads format 1, so go on with the version that wrote it/,
    );
  });

  it("keeps to the format that earlier versions wrote and will find: a change of it needs a new number", async () => {
    const folder = await aFolder({ "a.ndjson": '"one"\n' });
    await readAll(folder, { ...small, configVersion: "1" });
    const saved = JSON.parse(await readFile(join(folder, "state", "checkpoint.json"), "utf8"));
    expect(Object.keys(saved)).toEqual(["version", "pipeline", "configVersion", "savedAt", "files"]);
    expect(saved.version).toBe(1);
    const [file] = Object.values(saved.files as object);
    expect(Object.keys(file).sort()).toEqual(["bytes", "done", "head", "mtimeMs", "position"]);
  });

  it("is as large as the list of files, however often it was saved", async () => {
    const folder = await aFolder();
    const size = async () => (await stat(join(folder, "state", "checkpoint.json"))).size;
    await readAll(folder, small);
    const before = await size();
    for (let run = 0; run < 20; run++) await readAll(folder, small);
    expect(await size()).toBe(before);
    expect((await readdir(join(folder, "state"))).sort()).toEqual(["checkpoint.json"]);
  });

  it.each(["", "{", "null", '{"version":2,"files":{}}', '{"version":1,"files":{"a":{"position":"1"}}}'])(
    "refuses a checkpoint that says %j",
    async (text) => {
      const folder = await aFolder();
      await mkdir(join(folder, "state"));
      await writeFile(join(folder, "state", "checkpoint.json"), text);
      await expect(readAll(folder, small)).rejects.toMatchObject({ code: "checkpoint-unreadable" });
    },
  );

  it("refuses to give out the end of a file that is still written", async () => {
    const folder = await aFolder({ "a.ndjson": `${"1234567\n".repeat(8)}end` });
    const source = await aFileSource(folder, { ...small, state: undefined });
    const offered: SourceRecord[] = [];
    const intake: Intake = {
      offer(record) {
        offered.push(record);
        return appendFile(join(folder, "a.ndjson"), "0\n");
      },
    };
    await expect(source.run(intake, running)).rejects.toMatchObject({ code: "file-changed" });
    await source.close();
    expect(textsOf(offered)).not.toContain("end");
  });

  it("goes on when a checkpoint cannot be saved, says so once, and saves the next", async () => {
    const folder = await aFolder();
    const [clock, log] = [new VirtualClock(), recordingLog()];
    const source = await aFileSource(folder, small, { clock, log });
    const intake = new HoldingIntake();
    await source.run(intake, running);
    intake.records[0]!.settle("ack");
    await mkdir(join(folder, "state", "checkpoint.json"));
    await clock.advance(1_000);
    await clockTurns(() => log.lines.length > 0);
    expect(log.lines).toMatchObject([{ level: "warn" }]);
    await expect(source.close()).rejects.toMatchObject({ name: "RunError", code: "checkpoint-failed" });
  });
});

describe("checkpoint", () => {
  it("stands at the lowest block that is not settled, whatever the order", async () => {
    const folder = await aFolder({ "a.ndjson": "1234567\n".repeat(8) });
    const source = await aFileSource(folder, small);
    const intake = new HoldingIntake();
    await source.run(intake, running);
    const [first, second, third, fourth] = intake.records as [
      SourceRecord,
      SourceRecord,
      SourceRecord,
      SourceRecord,
    ];
    fourth.settle("ack");
    second.settle("ack");
    first.settle("ack");
    third.settle("nack");
    await source.close();
    expect((await saved(folder)).files["a.ndjson"]).toMatchObject({ position: 32, done: false });
    const again = await readAll(folder, small);
    expect(again.records.map((record) => record.id)).toEqual([third.id, fourth.id]);
    expect((await saved(folder)).files["a.ndjson"]).toMatchObject({ position: 64, done: true });
  });

  it("is saved at most once in checkpointMs while settlements arrive", async () => {
    const folder = await aFolder({ "a.ndjson": "1234567\n".repeat(8) });
    const clock = new VirtualClock();
    const source = await aFileSource(folder, small, { clock });
    const intake = new HoldingIntake();
    await source.run(intake, running);
    intake.records[0]!.settle("ack");
    await clock.advance(999);
    await expect(saved(folder)).rejects.toThrow("ENOENT");
    await clock.advance(1);
    await clockTurns(async () => (await saved(folder).catch(() => undefined)) !== undefined);
    expect((await saved(folder)).files["a.ndjson"]).toMatchObject({ position: 16, done: false });
    await source.close();
  });

  it("lets a finished run offer nothing again, and files that appeared later everything", async () => {
    const folder = await aFolder();
    expect((await readAll(folder, small)).records).toHaveLength(1);
    await writeFile(join(folder, "b.ndjson"), "4\n");
    const { values: gauges, gauge } = recordingGauges();
    const { records } = await readAll(folder, small, { gauge });
    expect(textsOf(records)).toEqual(["4"]);
    expect(gauges).toMatchObject({ backfill_files_done: 2, backfill_bytes_read: 8, backfill_bytes_total: 8 });
    expect((await readAll(folder, small)).records).toEqual([]);
  });

  it("does not call a file done that it was stopped in", async () => {
    const folder = await aFolder({ "a.ndjson": "1234567\n".repeat(8) });
    const stop = new AbortController();
    const source = await aFileSource(folder, small);
    const offered: SourceRecord[] = [];
    const intake: Intake = {
      offer(record) {
        offered.push(record);
        record.settle("ack");
        stop.abort();
        return undefined;
      },
    };
    await source.run(intake, stop.signal);
    await source.close();
    const again = await readAll(folder, small);
    expect([...offered, ...again.records].map((record) => record.id)).toEqual(
      [0, 16, 32, 48].map((at) => `a.ndjson:${at}`),
    );
  });

  it("loses and repeats nothing but unsettled work, however often runs are cut off", async () => {
    const lines = Array.from({ length: 40 }, (_, index) => JSON.stringify({ index }));
    const schema = JSON.stringify("string");
    const data = lines.map((line) => Buffer.concat([Buffer.from([line.length * 2]), Buffer.from(line)]));
    const files = {
      "a.ndjson": lines.join("\n"),
      "b.ndjson.gz": gzipSync(`${lines.join("\n")}\n`),
      "c.avro": writeContainer(schema, data, { codec: "deflate", blockBytes: 60 }),
    };
    const all = textsById((await readAll(await aFolder(files), { ...small, state: undefined })).records);
    expect(all.size).toBe(120);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.infiniteStream(fc.integer({ min: 0, max: 9 })), { maxLength: 4 }),
        async (runs) => {
          const folder = await tempFolder();
          for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
          const seen = new Map<string, string>();
          const settled = new Set<string>();
          for (const choices of runs) await cutOffRun(folder, choices, seen, settled);
          const rest = (await readAll(folder, small)).records;
          for (const [id, text] of textsById(rest)) seen.set(id, text);
          expect(seen).toEqual(all);
          expect(new Set([...settled, ...rest.map((record) => record.id)]).size).toBe(blocksIn(all));
          expect((await readAll(folder, small)).records).toEqual([]);
        },
      ),
      { numRuns: 40 },
    );
  });
});

/** One run that settles some of what it was offered, in any order, and is stopped somewhere. */
async function cutOffRun(
  folder: string,
  choices: Iterator<number>,
  seen: Map<string, string>,
  settled: Set<string>,
): Promise<void> {
  const choose = (): number => (choices.next().value as number | undefined) ?? 0;
  const stop = new AbortController();
  const held: SourceRecord[] = [];
  const settleOne = (how: "ack" | "nack") => {
    const [record] = held.splice(choose() % Math.max(1, held.length), 1);
    if (!record) return;
    record.settle(how);
    if (how === "ack") {
      settled.add(record.id);
      for (const [id, text] of textsById([record])) seen.set(id, text);
    }
  };
  const intake: Intake = {
    offer(record) {
      held.push(record);
      if (choose() > 4) settleOne("ack");
      if (choose() === 9 && choose() > 5) stop.abort();
      return choose() > 5 ? Promise.resolve() : undefined;
    },
  };
  const source = await aFileSource(folder, small);
  await source.run(intake, stop.signal);
  while (held.length > 0) settleOne(choose() > 5 ? "ack" : "nack");
  await source.close();
}

function textsById(records: readonly SourceRecord[]): Map<string, string> {
  return new Map(
    entriesOf(records).map((entry) => [entry.id, textOf(entry.body, entry.writerSchema !== undefined)]),
  );
}

function textOf(body: Uint8Array, isDatum: boolean): string {
  return Buffer.from(body.subarray(isDatum ? 1 : 0)).toString();
}

function blocksIn(entries: ReadonlyMap<string, string>): number {
  return new Set([...entries.keys()].map((id) => id.replace(/#\d+$/, ""))).size;
}

/** Lets real file operations, set going by a virtual timer, come to their end. */
async function clockTurns(done: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 2_000 && !(await done()); turn++)
    await new Promise<void>((resolve) => setTimeout(resolve, 1));
}
