// Parts of files: wherever a file is cut, each block and each line has one reader.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import fc from "fast-check";
import { expect, it } from "vitest";

import { containerBlock, containerHeader, writeContainer } from "../../../src/avro/container-writer.ts";
import type { OnDamage } from "../../../src/sources/file/damage.ts";
import type { ByteRange } from "../../../src/sources/file/find-inputs.ts";
import { openInput } from "../../../src/sources/file/open-input.ts";
import { LocalBytes } from "../../../src/sources/file/positioned-bytes.ts";
import { aContext, recordingLog } from "../../support/context.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const schema = JSON.stringify("bytes");
const sync = Buffer.from("0123456789abcdef", "latin1");

const datum = (text: Buffer) => Buffer.concat([Buffer.from([text.length * 2]), text]);

interface Read {
  /** Each entry's body, in hex. */
  readonly bodies: string[];
  /** Where blocks begin. */
  readonly offsets: number[];
  readonly damages: string[];
}

async function read(
  content: Buffer,
  name: string,
  { part, onDamage = "fail" }: { readonly part?: ByteRange; readonly onDamage?: OnDamage } = {},
): Promise<Read> {
  const path = join(await folder, name);
  await writeFile(path, content);
  const input = { path, name, bytes: content.length, mtimeMs: 0, part };
  const log = recordingLog();
  const options = { format: "auto", onDamage, maxGunzipRatio: 500, force: true } as const;
  const limits = { ...options, blockBytes: 16, maxLineBytes: 40 };
  const opened = await openInput(input, limits, aContext({ log }), (file) => LocalBytes.open(file, true));
  const found: Read = { bodies: [], offsets: [], damages: [] };
  try {
    for await (const block of opened.blocks(0)) {
      found.offsets.push(block.offset);
      try {
        for (const entry of block.entries()) found.bodies.push(Buffer.from(entry.body).toString("hex"));
      } catch (error) {
        found.damages.push(`${block.offset}: ${String(error)}`);
      }
    }
  } finally {
    await opened.close();
  }
  for (const { message } of log.lines) found.damages.push(message);
  return found;
}

let folder: Promise<string>;

/** The same file, read part by part. */
async function readInParts(content: Buffer, name: string, cuts: readonly number[], onDamage?: OnDamage) {
  const borders = [...new Set([0, ...cuts.map((cut) => cut % content.length), content.length])];
  borders.sort((a, b) => a - b);
  const all: Read = { bodies: [], offsets: [], damages: [] };
  for (const [i, from] of borders.slice(0, -1).entries()) {
    const part = { from, to: borders[i + 1]! };
    const some = await read(content, name, { part, ...(onDamage ? { onDamage } : {}) });
    all.bodies.push(...some.bodies);
    all.offsets.push(...some.offsets);
    all.damages.push(...some.damages);
  }
  return all;
}

const anyCuts = fc.array(fc.nat({ max: 5_000 }), { maxLength: 12 });
const anyData = fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 60 });

it("reads every block of a container file once, wherever it is cut", async () => {
  folder = tempFolder();
  await fc.assert(
    fc.asyncProperty(
      anyData,
      anyCuts,
      fc.constantFrom("null" as const, "deflate" as const),
      fc.integer({ min: 1, max: 200 }),
      async (texts, cuts, codec, blockBytes) => {
        const data = texts.map((text) => datum(Buffer.from(text)));
        const content = writeContainer(schema, data, { codec, blockBytes });
        expect(await readInParts(content, "a.avro", cuts)).toEqual(await read(content, "a.avro"));
      },
    ),
    { numRuns: 70 },
  );
});

it("cut at every single byte, and at the bytes around each sync marker, is the same file", async () => {
  folder = tempFolder();
  const texts = Array.from({ length: 12 }, (_, i) => datum(Buffer.from(`event ${i}`)));
  const content = writeContainer(schema, texts, { blockBytes: 20, syncMarker: sync });
  const whole = await read(content, "a.avro");
  expect(whole.bodies).toHaveLength(12);
  for (let cut = 1; cut < content.length; cut++)
    expect(await readInParts(content, "a.avro", [cut]), `cut at ${cut}`).toEqual(whole);
  expect(await readInParts(content, "a.avro", Array.from(content.keys()))).toEqual(whole);
});

it("reports damage once, by the part in which it begins, and reads the same besides", async () => {
  folder = tempFolder();
  const data = Array.from({ length: 40 }, (_, i) => datum(Buffer.from(`event number ${i}`)));
  const good = writeContainer(schema, data, { blockBytes: 60, syncMarker: sync });
  const headerBytes = containerHeader(schema, "null", sync).length;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat({ max: good.length - headerBytes - 1 }), { minLength: 1, maxLength: 4 }),
      fc.nat({ max: 40 }),
      anyCuts,
      fc.constantFrom("skip-block" as const, "dead-letter-block" as const),
      async (places, missing, cuts, onDamage) => {
        const content = Buffer.from(good.subarray(0, good.length - missing));
        for (const place of places)
          if (headerBytes + place < content.length) content[headerBytes + place]! ^= 0x55;
        const whole = await read(content, "a.avro", { onDamage });
        const parts = await readInParts(content, "a.avro", cuts, onDamage);
        expect({ ...parts, damages: parts.damages.sort() }).toEqual({
          ...whole,
          damages: whole.damages.sort(),
        });
      },
    ),
    { numRuns: 70 },
  );
});

it("reports a header that cannot be read once, and fails in every part when it is to fail", async () => {
  folder = tempFolder();
  const content = Buffer.alloc(100, 1);
  expect((await readInParts(content, "a.avro", [30, 60], "skip-block")).damages).toHaveLength(1);
  for (const part of [
    { from: 0, to: 30 },
    { from: 30, to: 100 },
  ])
    await expect(read(content, "a.avro", { part })).rejects.toMatchObject({ code: "avro-container-corrupt" });
});

it("loses nothing when data look like a sync marker where a part begins, and says that it met damage", async () => {
  folder = tempFolder();
  const look = Buffer.concat([Buffer.from("before"), sync, Buffer.from("behind")]);
  const header = containerHeader(schema, "null", sync);
  const blocks = [datum(Buffer.from("one")), datum(look), datum(Buffer.from("three"))];
  const content = Buffer.concat([header, ...blocks.map((block) => containerBlock(1, block, sync))]);
  const whole = await read(content, "a.avro", { onDamage: "skip-block" });
  expect(whole).toMatchObject({ damages: [], offsets: { length: 3 } });
  const parts = await readInParts(content, "a.avro", [content.indexOf(look) + 3], "skip-block");
  expect(parts.bodies).toEqual(whole.bodies);
  expect(parts.damages).toHaveLength(1);
});

it("reads every line once, wherever a text is cut, with lines longer than a block and too long ones", async () => {
  folder = tempFolder();
  const line = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.constant(""),
    fc.string({ minLength: 17, maxLength: 70 }),
    fc.constant("text\r"),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 40 }), fc.boolean(), anyCuts, async (lines, ends, cuts) => {
      const content = Buffer.from(`x${lines.join("\n")}${ends ? "\n" : ""}`);
      const whole = await read(content, "a.ndjson");
      const parts = await readInParts(content, "a.ndjson", cuts);
      expect(parts.bodies).toEqual(whole.bodies);
      expect(parts.damages).toEqual(whole.damages);
    }),
    { numRuns: 60 },
  );
});
