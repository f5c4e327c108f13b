import { once } from "node:events";
import zlib from "node:zlib";

import avsc from "avsc";
import fc from "fast-check";
import snappy from "snappy";
import { describe, expect, test, vi } from "vitest";

import { type ContainerBlock, readBlocks, type ReadBlocksOptions } from "../../src/avro/container.ts";
import { ContainerError } from "../../src/avro/container-error.ts";
import { readHeader } from "../../src/avro/container-header.ts";
import { containerBlock, containerHeader, varint, writeContainer } from "../../src/avro/container-writer.ts";
import { compileScan, datumBoundaries } from "../../src/avro/scan.ts";
import { schemaOf } from "../support/avro.ts";
import { anyDamage, damaged, fuzzRuns, fuzzTimeoutMs } from "../support/avro-arbitraries.ts";
import { bytesOf } from "../support/byte-source.ts";
import { zstandardFrame } from "../support/zstandard-frame.ts";

vi.setConfig({ testTimeout: fuzzTimeoutMs });

const STRING = '"string"';
const type = schemaOf("string").type;
const SYNC = Buffer.from("0123456789abcdef");
const words = Array.from({ length: 60 }, (_, index) => `word ${index} ${"x".repeat(index)}`);
const encoded = words.map((word) => type.toBuffer(word));
const header = (codec = "null", schema = STRING) => containerHeader(schema, codec, SYNC);

async function blocksOf(
  file: Buffer,
  options: ReadBlocksOptions = { onDamage: "fail" },
): Promise<ContainerBlock[]> {
  const source = bytesOf(file);
  const head = await readHeader(source, options.limits);
  const blocks: ContainerBlock[] = [];
  for await (const block of readBlocks(source, head, head.length, options)) blocks.push(block);
  return blocks;
}

function wordsIn(blocks: readonly ContainerBlock[]): string[] {
  const scan = compileScan(type);
  return blocks.flatMap(({ data, count }) => {
    const borders = datumBoundaries(scan, data, count);
    return Array.from(
      { length: count },
      (_, i) => type.fromBuffer(data.subarray(borders[i], borders[i + 1])) as string,
    );
  });
}

async function errorOf(file: Buffer, options?: ReadBlocksOptions): Promise<ContainerError> {
  try {
    await blocksOf(file, options);
  } catch (error) {
    if (error instanceof ContainerError) return error;
    throw error;
  }
  throw new Error("no error");
}

const small = { headerBytes: 1_000, blockBytes: 1_000, decompressedBytes: 2_000 };

describe("reading", () => {
  test.each(["null", "deflate", "snappy"] as const)(
    "gives every datum of a file with codec %s",
    async (codec) => {
      const blocks = await blocksOf(writeContainer(STRING, encoded, { codec, blockBytes: 300 }));
      expect(blocks.length).toBeGreaterThan(3);
      expect(wordsIn(blocks)).toStrictEqual(words);
    },
  );

  test("blocks follow each other without gaps, up to the end of the file", async () => {
    const file = writeContainer(STRING, encoded, { blockBytes: 300 });
    const blocks = await blocksOf(file);
    const ends = blocks.map((block) => block.endOffset);
    expect(blocks.slice(1).map((block) => block.offset)).toStrictEqual(ends.slice(0, -1));
    expect(ends.at(-1)).toBe(file.length);
  });

  test("begins at any border of blocks", async () => {
    const file = writeContainer(STRING, encoded, { blockBytes: 300 });
    const [first] = await blocksOf(file);
    const source = bytesOf(file);
    const rest: ContainerBlock[] = [];
    const head = await readHeader(source);
    for await (const block of readBlocks(source, head, first!.endOffset, { onDamage: "fail" }))
      rest.push(block);
    expect(wordsIn(rest)).toStrictEqual(words.slice(first!.count));
  });

  test("reads what avsc writes", async () => {
    const chunks: Buffer[] = [];
    const encoder = new avsc.streams.BlockEncoder(type, { codec: "deflate", blockSize: 500 });
    encoder.on("data", (chunk: Buffer) => chunks.push(chunk));
    for (const word of words) encoder.write(word);
    encoder.end();
    await once(encoder, "end");
    expect(wordsIn(await blocksOf(Buffer.concat(chunks)))).toStrictEqual(words);
  });

  test("tells schema, codec, metadata and length of the header", async () => {
    const file = writeContainer(STRING, [], { metadata: { origin: "test" } });
    const head = await readHeader(bytesOf(file));
    expect([
      head.schema.json,
      head.codec,
      head.metadata.get("origin")?.toString(),
      head.length,
    ]).toStrictEqual([STRING, "null", "test", file.length]);
  });

  test("a header with blocks of metadata that tell their size, and without a codec", async () => {
    const entry = Buffer.concat([
      varint(11),
      Buffer.from("avro.schema"),
      varint(STRING.length),
      Buffer.from(STRING),
    ]);
    const file = Buffer.concat([
      Buffer.from("Obj\x01"),
      varint(-1),
      varint(entry.length),
      entry,
      varint(0),
      SYNC,
    ]);
    expect((await readHeader(bytesOf(file))).codec).toBe("null");
  });

  test("a header larger than the first read", async () => {
    const doc = "d".repeat(200_000);
    const file = writeContainer(`{"type":"string","doc":"${doc}"}`, encoded);
    expect(wordsIn(await blocksOf(file))).toStrictEqual(words);
  });

  test("blocks of no data are passed over without harm", async () => {
    const empty = containerBlock(0, Buffer.alloc(0), SYNC);
    const full = containerBlock(2, Buffer.concat(encoded.slice(0, 2)), SYNC);
    expect(wordsIn(await blocksOf(Buffer.concat([header(), empty, full, empty, empty])))).toStrictEqual(
      words.slice(0, 2),
    );
  });

  test("blocks larger than one read", async () => {
    const long = type.toBuffer("y".repeat(3_000_000));
    const blocks = await blocksOf(
      writeContainer(STRING, [...encoded, long, ...encoded], { blockBytes: 1_000 }),
    );
    expect(
      wordsIn(blocks)
        .map((word) => word.length)
        .filter((length) => length > 1_000),
    ).toStrictEqual([3_000_000]);
    expect(wordsIn(blocks)).toHaveLength(121);
  });
});

describe("damage", () => {
  test.each([
    ["avro-container-truncated", "an empty file", Buffer.alloc(0)],
    ["avro-container-corrupt", "a file of another kind", Buffer.from("PAR1 and so on")],
    [
      "avro-container-corrupt",
      "a header without a schema",
      Buffer.concat([Buffer.from("Obj\x01"), varint(0), SYNC]),
    ],
    ["avro-container-unsupported-codec", "an unknown codec", header("bzip2")],
    [
      "avro-container-corrupt",
      "a wrong sync marker",
      Buffer.concat([header(), containerBlock(1, encoded[0]!, Buffer.alloc(16))]),
    ],
    [
      "avro-container-corrupt",
      "a negative count",
      Buffer.concat([header(), containerBlock(-1, encoded[0]!, SYNC)]),
    ],
    ["avro-container-corrupt", "a negative size", Buffer.concat([header(), varint(1), varint(-5), SYNC])],
    [
      "avro-container-corrupt",
      "a count that is no number",
      Buffer.concat([header(), Buffer.alloc(20, 0xff), SYNC]),
    ],
    [
      "avro-container-too-large",
      "a size of 2^40",
      Buffer.concat([header(), varint(1), varint(2 ** 40), SYNC]),
    ],
    ["avro-container-truncated", "trailing bytes", Buffer.concat([header(), Buffer.from([2])])],
    [
      "avro-container-corrupt",
      "deflate that is none",
      Buffer.concat([header("deflate"), containerBlock(1, Buffer.alloc(9, 0xff), SYNC)]),
    ],
    [
      "avro-container-corrupt",
      "bytes behind the deflated data",
      Buffer.concat([
        header("deflate"),
        containerBlock(1, Buffer.concat([zlib.deflateRawSync(encoded[0]!), Buffer.alloc(3)]), SYNC),
      ]),
    ],
    [
      "avro-container-corrupt",
      "cut deflate",
      Buffer.concat([
        header("deflate"),
        containerBlock(1, zlib.deflateRawSync(encoded[50]!).subarray(0, -4), SYNC),
      ]),
    ],
    [
      "avro-container-corrupt",
      "snappy with a wrong CRC",
      Buffer.concat([
        header("snappy"),
        containerBlock(1, Buffer.concat([snappy.compressSync(encoded[0]!), Buffer.alloc(4)]), SYNC),
      ]),
    ],
    [
      "avro-container-corrupt",
      "snappy that is none",
      Buffer.concat([header("snappy"), containerBlock(1, Buffer.from("\x05abcdefgh"), SYNC)]),
    ],
    [
      "avro-container-corrupt",
      "snappy of two bytes",
      Buffer.concat([header("snappy"), containerBlock(1, Buffer.alloc(2), SYNC)]),
    ],
    [
      "avro-container-corrupt",
      "zstandard that is none",
      Buffer.concat([header("zstandard"), containerBlock(1, Buffer.alloc(20), SYNC)]),
    ],
  ])("%s: %s", async (code, _, file) => {
    expect((await errorOf(file)).code).toBe(code);
  });

  test("says at which byte of the file", async () => {
    const good = Buffer.concat([header(), containerBlock(1, encoded[0]!, SYNC)]);
    const file = Buffer.concat([good, containerBlock(-3, encoded[0]!, SYNC)]);
    const error = await errorOf(file);
    expect([error.offset, error.message]).toStrictEqual([
      good.length,
      `Avro container file, byte ${good.length}: a block of -3 data.`,
    ]);
  });

  test("limits hold for header and block", async () => {
    const large = containerHeader(STRING, "null", SYNC, { note: "n".repeat(2_000) });
    expect((await errorOf(large, { onDamage: "fail", limits: small })).code).toBe("avro-container-too-large");
    const block = Buffer.concat([header(), containerBlock(1, Buffer.alloc(1_001), SYNC)]);
    expect((await errorOf(block, { onDamage: "fail", limits: small })).code).toBe("avro-container-too-large");
  });

  test("a wrong count is found before anything is decoded", async () => {
    const [block] = await blocksOf(
      Buffer.concat([header(), containerBlock(5, Buffer.concat(encoded.slice(0, 10)), SYNC)]),
    );
    expect(() => datumBoundaries(compileScan(type), block!.data, block!.count)).toThrow(
      /announces 5 data, which end at byte/,
    );
  });

  test.each(
    ["null", "deflate", "snappy", "zstandard"].flatMap((codec) => [
      [codec, 60] as const,
      [codec, 20] as const,
    ]),
  )(
    "a file with codec %s and blocks of %d bytes cut at any byte is truncated, but for the borders of blocks",
    async (codec, blockBytes) => {
      const file = fileOf(codec, blockBytes);
      const head = await readHeader(bytesOf(file));
      const borders = [head.length, ...(await blocksOf(file)).map((block) => block.endOffset)];
      expect(borders.length).toBeGreaterThan(2);
      for (let length = 0; length < file.length; length++) {
        if (borders.includes(length)) {
          expect((await blocksOf(file.subarray(0, length))).length).toBe(borders.indexOf(length));
        } else {
          const error = await errorOf(file.subarray(0, length));
          expect([error.code, error.offset]).toStrictEqual(["avro-container-truncated", length]);
        }
      }
    },
  );

  test("a file with any damage gives blocks or a ContainerError", async () => {
    const files = (["null", "deflate", "snappy"] as const).map((codec) =>
      writeContainer(STRING, encoded.slice(0, 12), { codec, blockBytes: 60 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.array(anyDamage, { minLength: 1, maxLength: 3 }),
        async (file, how) => {
          const broken = damaged(file, how);
          for (const onDamage of ["fail", "skip-block"] as const)
            await blocksOf(broken, { onDamage }).catch(rethrowOthers);
        },
      ),
      { numRuns: fuzzRuns },
    );
  });
});

function rethrowOthers(error: unknown): void {
  if (!(error instanceof ContainerError)) throw error;
}

describe("bombs", () => {
  const zeros = Buffer.alloc(8_000_000);
  // A match that repeats one zero, 64 bytes at a time.
  const snappyBomb = (announced: number) =>
    Buffer.concat([
      unsigned(announced),
      Buffer.from([0, 0]),
      Buffer.concat(Array.from({ length: 2_000 }, () => Buffer.from([0xfe, 1, 0]))),
    ]);
  test.each([
    ["deflate", zlib.deflateRawSync(zeros)],
    ["snappy", Buffer.concat([snappyBomb(0xffffffff), Buffer.alloc(4)])],
    ["zstandard", zstdOfZeros(zeros.length)],
  ])("%s that inflates beyond 200 times its size is refused", async (codec, stored) => {
    expect((await errorOf(Buffer.concat([header(codec), containerBlock(1, stored, SYNC)]))).code).toBe(
      "avro-container-too-large",
    );
  });

  test.each([
    ["deflate", zlib.deflateRawSync(zeros.subarray(0, 10_000))],
    ["zstandard", zstdOfZeros(10_000)],
  ])("%s beyond the limit for a block is refused", async (codec, stored) => {
    const file = Buffer.concat([header(codec), containerBlock(1, stored, SYNC)]);
    expect((await errorOf(file, { onDamage: "fail", limits: small })).code).toBe("avro-container-too-large");
  });

  test("snappy that holds more than it announces is refused", async () => {
    const stored = Buffer.concat([snappyBomb(10), Buffer.alloc(4)]);
    expect((await errorOf(Buffer.concat([header("snappy"), containerBlock(1, stored, SYNC)]))).code).toBe(
      "avro-container-corrupt",
    );
  });

  test("zstandard that asks for gigabytes of window is refused", async () => {
    const frame = Buffer.from("28b52ffd00a8010000", "hex");
    expect((await errorOf(Buffer.concat([header("zstandard"), containerBlock(1, frame, SYNC)]))).code).toBe(
      "avro-container-too-large",
    );
  });
});

describe("zstandard", () => {
  test("is read, but one frame a block", async () => {
    // A frame with one raw block.
    const plain = type.toBuffer("word");
    const raw = Buffer.concat([Buffer.from("28b52ffd2005290000", "hex"), plain]);
    expect(
      wordsIn(await blocksOf(Buffer.concat([header("zstandard"), containerBlock(1, raw, SYNC)]))),
    ).toStrictEqual(["word"]);
    const twice = Buffer.concat([header("zstandard"), containerBlock(2, Buffer.concat([raw, raw]), SYNC)]);
    expect((await errorOf(twice)).code).toBe("avro-container-corrupt");
  });

  test("reads what the zstd program wrote", async () => {
    // All words, by zstd 1.5: with -3 --check and with -19 --no-check.
    const checked =
      "KLUv/QRYrQoAYswmJgDvNGPe79eSTHcYjInBYDAYDAKBQDClpU2SxFKptC+VSqXqv3YFz42lxjFj6MD4XbwWuwr9Nj" +
      "F7Es9qGXF8GDr8Gl6G3cJK3RRmm/BEWB4cDYYFP4J3YCewBtwAZu70NC1LR9Jw9BO9oR1o/dw8M5VPuNyjDtmv83J2" +
      "m1Vzy/xiDfNcy8vRMqz8KO/kX07ySyOvBllsURUExSNzqBB4TtIaICOpHhJAEMGVIQJCCCGEEEIIIYQQQgghhMjMTJ" +
      "UPgOYYXpoRdWlF1OKIn0WhvTq4VACLysfRHvOkK2xOXd8SQrMeGWXBptXVERbtqnaK2l1ONylp7yikoNDxWBSnYDQp" +
      "xXwNS0IpMvOkqCOM89Apw20qIIoIGgNeCRQjWCrgb/FHYC8d7gOIlwSbC9EGQX5BeCxwGdBZu4GpKchk4KQUFgOAEN" +
      "x/CDgfyZ5sHpB9Tgqv5IRQ";
    const unchecked =
      "KLUv/QBo3QoA1pApHgBdaDm+75fPsv2+7fdtvw+eECKR3de2S2+/b/+zECQAHgAfAA63hozha+GTWgqj9FDCH4Sdg8" +
      "+gK3hqBCc2MC2BpFJJywpMQCOMhy7+WOxUfBTvJt4kZhEXxBWDjpyQ+8N21PdwF93JN5OzkhdJ5UYeiQyFfEDe+fjz" +
      "2HVsHM82vjRWLSNH7yb0bP68mh0Amm/mTuYWk/16WT2XUUuI5Y/KTsqHcnOoEHBXNmsQJZDqARJAUNGFRoiESIiESr" +
      "AES1giKqF6hx71mxgltCpSWhEFzYU3xoNVLEAd8RPVPVnFjtfJGVkbok5jabKxJpZbd7VbFrRQ3SV1U56suZLPRkgc" +
      "kCc/hebETIObGLy0GA2FrU9+DoSxj84zeqboTURfDUdBiG1wc8Bto98N/S7rjgkuJncp0pWBvAZxKrucAVbG6TSi6X" +
      "NyJohOhSjUrxeoz6Qn4zHuwhQ=";
    const blocks = [checked, unchecked].map((text) =>
      containerBlock(words.length, Buffer.from(text, "base64"), SYNC),
    );
    const file = Buffer.concat([header("zstandard"), ...blocks]);
    expect(wordsIn(await blocksOf(file))).toStrictEqual([...words, ...words]);
  });
});

describe("skip-block", () => {
  const block = (index: number) => containerBlock(1, encoded[index]!, SYNC);
  const bad = containerBlock(-1, encoded[9]!, SYNC);

  async function skipping(file: Buffer) {
    const skipped: [string, number, number][] = [];
    const onSkip = (error: ContainerError, from: number, to: number) => skipped.push([error.code, from, to]);
    return { words: wordsIn(await blocksOf(file, { onDamage: "skip-block", onSkip })), skipped };
  }

  test("goes on behind the next sync marker, and reports what it passed over", async () => {
    const before = Buffer.concat([header(), block(0)]);
    const result = await skipping(Buffer.concat([before, bad, block(1)]));
    expect(result.words).toStrictEqual([words[0], words[1]]);
    expect(result.skipped).toStrictEqual([
      ["avro-container-corrupt", before.length, before.length + bad.length],
    ]);
  });

  test("passes over the end of a cut file", async () => {
    const before = Buffer.concat([header(), block(0)]);
    const file = Buffer.concat([before, block(1).subarray(0, -3)]);
    const result = await skipping(file);
    expect(result.words).toStrictEqual([words[0]]);
    expect(result.skipped).toStrictEqual([["avro-container-truncated", before.length, file.length]]);
  });

  test("finds a marker that lies across two reads of the search", async () => {
    const noise = Buffer.alloc(256 * 1024 - 10, 0xff);
    const result = await skipping(Buffer.concat([header(), noise, SYNC, block(1)]));
    expect(result.words).toStrictEqual([words[1]]);
  });
});

function fileOf(codec: string, blockBytes: number): Buffer {
  const data = encoded.slice(0, 12);
  if (codec === "null" || codec === "deflate" || codec === "snappy")
    return writeContainer(STRING, data, { codec, blockBytes });
  const perBlock = Math.ceil(blockBytes / 10);
  const parts = [header(codec)];
  for (let at = 0; at < data.length; at += perBlock) {
    const group = data.slice(at, at + perBlock);
    parts.push(containerBlock(group.length, zstandardFrame(Buffer.concat(group)), SYNC));
  }
  return Buffer.concat(parts);
}

function unsigned(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; rest > 0 || bytes.length === 0; rest = Math.floor(rest / 128))
    bytes.push((rest % 128) | (rest > 127 ? 0x80 : 0));
  return Buffer.from(bytes);
}

/** Blocks that each repeat one zero 128 KB times at most (RFC 8878, "Blocks"). */
function zstdOfZeros(length: number): Buffer {
  const head = Buffer.from("28b52ffd0038", "hex");
  const blocks: Buffer[] = [];
  for (let left = length; left > 0; left -= 131_072) {
    const size = Math.min(left, 131_072);
    const block = Buffer.alloc(4);
    block.writeUIntLE((size << 3) | 2 | (left <= 131_072 ? 1 : 0), 0, 3);
    blocks.push(block);
  }
  return Buffer.concat([head, ...blocks]);
}
