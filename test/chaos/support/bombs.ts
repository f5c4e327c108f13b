// Bodies that kill or choke a careless reader. Each maker is given a number, so that no two bodies are equal.

import { gzipSync } from "node:zlib";

import { encodeAvro } from "../../../src/emulators/avro-events.ts";

const MARK = "zq";

/** A datum whose map announces a hundred million entries and holds none: five bytes more than an empty one. */
function announcedItems(n: number): Buffer {
  const event = { kind: "feature", id: `bomb-${n}`, creationDate: 1_760_000_000_000, key: "k" };
  const datum = encodeAvro({
    project: "p",
    environment: "e",
    version: 1,
    event: { ...event, contextKeys: { [MARK]: MARK } },
  });
  const entry = Buffer.from([4, ...Buffer.from(MARK), 4, ...Buffer.from(MARK)]);
  const at = datum.indexOf(entry);
  // In front of the entry stands the block's count, 1: zigzag 2.
  if (at < 1 || datum[at - 1] !== 2) throw new Error("the map is not where it should be");
  // 100,000,000 in zigzag is 200,000,000.
  return Buffer.concat([datum.subarray(0, at - 1), varint(200_000_000)]);
}

/** 64 MB of spaces in 64 KB. */
let zipped: Buffer | undefined;
function inflation(n: number): Buffer {
  zipped ??= gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20), { level: 9 });
  // The modification time of a gzip header may be anything.
  const body = Buffer.from(zipped);
  body.writeUInt32LE(n, 4);
  return body;
}

function deepNesting(n: number): Buffer {
  return Buffer.from(`{"project":"p","environment":"e","n":${n},"event":${"[".repeat(200_000)}`);
}

function deepButWhole(n: number): Buffer {
  const depth = 100_000;
  const nested = "[".repeat(depth) + "]".repeat(depth);
  return Buffer.from(
    `{"project":"p","environment":"e","version":${n},"event":{"kind":"?","data":${nested}}}`,
  );
}

function brokenUtf8(n: number): Buffer {
  return Buffer.concat([
    Buffer.from(`{"project":"p","environment":"${n}`),
    Buffer.from([0xc3, 0x28, 0xff, 0xfe]),
    Buffer.from('","event":{"kind":"?"}}'),
  ]);
}

function prototypeKeys(n: number): Buffer {
  return Buffer.from(
    `{"__proto__":{"project":"p","environment":"e${n}"},"constructor":{"prototype":{"kind":"feature"}},"event":{"__proto__":{"kind":"feature"}}}`,
  );
}

function empty(n: number): Buffer {
  return Buffer.alloc(n % 3);
}

/** A datum whose `creationDate` is 2^63-1: no number of JavaScript's can hold it. */
function hugeLong(n: number): Buffer {
  const creationDate = 1_760_000_000_000;
  const datum = encodeAvro({
    project: "p",
    environment: "e",
    version: 1,
    event: { kind: "feature", id: `long-${n}`, creationDate, key: "k" },
  });
  const usual = varint(2 * creationDate);
  const at = datum.indexOf(usual);
  if (at < 1) throw new Error("the date is not where it should be");
  const huge = Buffer.from("feffffffffffffffff01", "hex");
  return Buffer.concat([datum.subarray(0, at), huge, datum.subarray(at + usual.length)]);
}

export const bombs: readonly ((n: number) => Buffer)[] = [
  announcedItems,
  deepNesting,
  inflation,
  brokenUtf8,
  prototypeKeys,
  deepButWhole,
  hugeLong,
  empty,
];

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...bytes, left]);
    bytes.push((left % 128) | 0x80);
  }
}
