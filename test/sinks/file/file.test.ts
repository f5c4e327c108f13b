import { appendFile, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import type {
  Batch,
  Encoded,
  Origin,
  RunContext,
  Sink,
  SinkDefinition,
} from "../../../src/engine/contracts.ts";
import { VirtualClock } from "../../../src/engine/virtual-clock.ts";
import definition from "../../../src/sinks/file/file.ts";
import { aContext, recordingLog } from "../../support/context.ts";
import { diskFullAfter } from "../../support/failing-disk.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { checkOf } from "../../support/transforms.ts";

const signal = new AbortController().signal;
const origin: Origin = {
  id: "memory#0",
  body: new Uint8Array(),
  attributes: {},
  publishedAtMs: 0,
  attempt: 1,
  writerSchema: undefined,
};

function batchOf(sink: Sink, ...values: unknown[]): Batch {
  const items = values.map((value): Encoded<unknown> => {
    const text = sink.encode(value);
    return { value, text, bytes: Buffer.byteLength(text), origin };
  });
  return { lane: "main", items, bytes: 0, attempt: 1 };
}

/** Settings as the loader hands them over, defaults filled in. */
async function open(settings: { path: string } & Record<string, unknown>, context: RunContext = aContext()) {
  const create = definition.create as SinkDefinition["create"];
  return create({ mode: "append", durable: false, ...settings } as never, context);
}

describe("file sink, trouble", () => {
  it("reports a full disk as weather, with nothing half written", async () => {
    const sink = await open({ path: "/dev/full" });
    await expect(sink.write(batchOf(sink, { a: 1 }), signal)).rejects.toMatchObject({
      name: "SinkFault",
      kind: "unavailable",
      code: "disk-full",
    });
    await sink.close();
  });

  it("refuses to start when the path is a folder's child that is a file", async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, "plain"), "");
    await expect(open({ path: join(folder, "plain", "out.ndjson") })).rejects.toMatchObject({
      name: "RunError",
      code: "cannot-open",
    });
  });

  it("starts with a warning when the disk is full at once, and delivers when there is room", async () => {
    const path = join(await tempFolder(), "out.ndjson");
    await writeFile(path, "torn");
    const log = recordingLog();
    await diskFullAfter(0);
    const sink = await open({ path }, aContext({ log }));
    expect(log.lines.map((line) => line.level)).toEqual(["warn"]);
    await sink.write(batchOf(sink, 1), signal);
    await sink.close();
    expect(await readFile(path, "utf8")).toBe("torn\n1\n");
  });

  it("neither tears nor repeats lines when a batch is written again after a full disk", async () => {
    const folder = await tempFolder();
    const sink = await open({ path: `${folder}/`, durable: true });
    await sink.write(batchOf(sink, "one"), signal);
    await diskFullAfter(8);
    const batch = batchOf(sink, "two", "three");
    await expect(sink.write(batch, signal)).rejects.toMatchObject({ kind: "unavailable", code: "disk-full" });
    await sink.write(batch, signal);
    await sink.close();
    const names = await readdir(folder);
    expect(names).toHaveLength(1);
    expect(await readFile(join(folder, names[0]!), "utf8")).toBe('"one"\n"two"\n"three"\n');
  });

  it("closes a line that a crash tore, and keeps its bytes", async () => {
    const path = join(await tempFolder(), "out.ndjson");
    await writeFile(path, '{"a":1}\n{"b":');
    const sink = await open({ path });
    await sink.write(batchOf(sink, { c: 3 }), signal);
    await sink.close();
    expect(await readFile(path, "utf8")).toBe('{"a":1}\n{"b":\n{"c":3}\n');
  });

  it.each([
    ["undefined", undefined],
    ["a BigInt", 1n],
    ["bytes that are not UTF-8", Buffer.from([0xff, 0xfe])],
    ["several lines that are not JSON", Buffer.from("a\nb")],
  ])("dead-letters %s instead of writing it", async (_, value) => {
    const sink = await open({ path: join(await tempFolder(), "out.ndjson") });
    expect(() => sink.encode(value)).toThrowError(
      expect.objectContaining({ name: "DataError", code: "not-a-line" }),
    );
    await sink.close();
  });
});

describe("file sink", () => {
  it("writes one line for each value and appends to what is there", async () => {
    const path = join(await tempFolder(), "deep", "er", "out.ndjson");
    for (const value of [{ a: "ü\n" }, { b: 2 }]) {
      const sink = await open({ path });
      await sink.write(batchOf(sink, value, [value]), signal);
      await sink.close();
    }
    expect(await readFile(path, "utf8")).toBe('{"a":"ü\\n"}\n[{"a":"ü\\n"}]\n{"b":2}\n[{"b":2}]\n');
  });

  it("empties the file once at the start when told to overwrite", async () => {
    const path = join(await tempFolder(), "out.ndjson");
    await writeFile(path, "old\n");
    const sink = await open({ path, mode: "overwrite" });
    expect(await readFile(path, "utf8")).toBe("");
    await sink.write(batchOf(sink, 1), signal);
    await sink.write(batchOf(sink, 2), signal);
    await sink.close();
    expect(await readFile(path, "utf8")).toBe("1\n2\n");
  });

  it("takes bytes as JSON text, and puts several lines on one", async () => {
    const sink = await open({ path: join(await tempFolder(), "out.ndjson") });
    expect(sink.encode(Buffer.from('{"a": 1}'))).toBe('{"a": 1}');
    expect(sink.encode(Buffer.from('{\n"a": 1\n}'))).toBe('{"a":1}');
    await sink.close();
  });

  it("begins a new segment when one is full, and never an empty one", async () => {
    const folder = await tempFolder();
    const sink = await open({ path: join(folder, "out.ndjson"), rotateBytes: 1024, durable: true });
    expect(await readdir(folder)).toEqual([]);
    for (const name of ["a", "b", "c"]) await sink.write(batchOf(sink, name.repeat(1024)), signal);
    await sink.close();
    const names = (await readdir(folder)).sort();
    expect(names).toEqual([
      "out-20260101T000000Z-000001.ndjson",
      "out-20260101T000000Z-000002.ndjson",
      "out-20260101T000000Z-000003.ndjson",
    ]);
    for (const name of names) expect((await stat(join(folder, name))).size).toBe(1027);
  });

  it("begins a new segment when one is old", async () => {
    const folder = await tempFolder();
    const clock = new VirtualClock();
    const sink = await open({ path: join(folder, "out.log"), rotateMs: 60_000 }, aContext({ clock }));
    await sink.write(batchOf(sink, 1), signal);
    await clock.advance(59_999);
    await sink.write(batchOf(sink, 2), signal);
    await clock.advance(1);
    await sink.write(batchOf(sink, 3), signal);
    await sink.close();
    expect((await readdir(folder)).sort()).toEqual([
      "out-20260101T000000Z-000001.log",
      "out-20260101T000100Z-000002.log",
    ]);
  });

  it("fills a folder with segments named after the pipeline, leaving those of other runs alone", async () => {
    const folder = await tempFolder();
    for (const [path, value] of [
      [`${folder}/letters/`, 1],
      [`${folder}/letters`, 2],
    ] as const) {
      const sink = await open({ path, durable: true }, aContext({ pipeline: "orders" }));
      await sink.write(batchOf(sink, value), signal);
      await sink.close();
    }
    expect((await readdir(join(folder, "letters"))).sort()).toEqual([
      "orders-20260101T000000Z-000001.ndjson",
      "orders-20260101T000000Z-000002.ndjson",
    ]);
  });

  it("probes without making a segment", async () => {
    const folder = await tempFolder();
    const sink = await open({ path: `${folder}/letters/` });
    await sink.probe("main", signal);
    await sink.close();
    expect(await readdir(join(folder, "letters"))).toEqual([]);
  });

  it("appends after lines that somebody else added before the run", async () => {
    const folder = await tempFolder();
    await mkdir(join(folder, "x"));
    const path = join(folder, "x", "out.ndjson");
    await appendFile(path, "1\n");
    const sink = await open({ path });
    await sink.write(batchOf(sink, 2), signal);
    await sink.close();
    expect(await readFile(path, "utf8")).toBe("1\n2\n");
  });

  it("says that segments cannot be overwritten", () => {
    const problems = checkOf(definition, { path: "a/", mode: "overwrite", durable: false });
    expect(problems.map((problem) => problem.code)).toEqual(["overwrite-segments"]);
  });
});
