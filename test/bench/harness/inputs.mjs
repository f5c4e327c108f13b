// Container files of sample events, made once and kept in the system's folder for temporary files. Of the samples,
// those of the environment that is exported, without the broken ones (no identity, unknown kind, bad time, no Avro at
// all): dead letters are fsynced, and a disk is not what is measured here.

import { createHash } from "node:crypto";
import { createWriteStream, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

import { exportSchema, load, root } from "./product.mjs";

const LEFT_OUT = new Set([
  "no identity",
  "unknown kind",
  "bad timestamp",
  "undecodable",
  "environment not exported",
]);
const FOR_SEGMENT = new Set(["feature", "click", "pageview", "custom", "alias"]);
const CACHE = join(tmpdir(), "sluice-bench-inputs");
const BLOCK_BYTES = 64 * 1024;
export const ENVIRONMENT = "5d4b12345d2a2806bd2cc6eb";

/**
 * Yields `{ path, events, passing, bytes }`: `passing` of the events are of kinds that go to Segment. All ids of one
 * file differ, and so do those of files with another seed.
 */
export async function eventsFile(count, seed, say) {
  const path = join(CACHE, `events-${count}-${seed}-${generatorHash()}.avro`);
  return kept(path, say, () => write(path, count, seed));
}

/** `make` is asked when there is no such file from an earlier time. */
async function kept(path, say, make) {
  const facts = `${path}.json`;
  if (existsSync(facts)) return JSON.parse(readFileSync(facts, "utf8"));
  mkdirSync(CACHE, { recursive: true });
  say(`making ${path}`);
  const made = { path, ...(await make()) };
  writeFileSync(`${facts}.tmp`, JSON.stringify(made));
  renameSync(`${facts}.tmp`, facts);
  return made;
}

/** The same events as lines of JSON, or as those in a gzip file. */
export async function linesFile(count, seed, gzip, say) {
  const path = join(CACHE, `events-${count}-${seed}-${generatorHash()}.ndjson${gzip ? ".gz" : ""}`);
  return kept(path, say, () => writeLines(path, count, seed, gzip));
}

/** Each sample event with its kind, endless. */
export async function* soundSamples(seed) {
  const { sampleEvents } = await load("emulators/sample-events.js");
  for (const sample of sampleEvents(seed)) if (!LEFT_OUT.has(sample.note)) yield sample;
}

async function write(path, count, seed) {
  const { encodeAvro, exportEventSchema } = await load("emulators/avro-events.js");
  const { containerBlock, containerHeader } = await load("avro/container-writer.js");
  const marker = Buffer.from("sluice-benchmark");
  const file = await open(path, "w");
  const total = { events: 0, passing: 0, bytes: 0 };
  const put = async (bytes) => {
    await file.writeFile(bytes);
    total.bytes += bytes.length;
  };
  await put(containerHeader(exportEventSchema(), "null", marker));
  let block = [];
  let blockBytes = 0;
  for await (const { event, kind } of soundSamples(seed)) {
    const datum = encodeAvro(event);
    block.push(datum);
    blockBytes += datum.length;
    total.events += 1;
    if (FOR_SEGMENT.has(kind)) total.passing += 1;
    const last = total.events === count;
    if (!last && blockBytes < BLOCK_BYTES) continue;
    await put(containerBlock(block.length, Buffer.concat(block), marker));
    if (last) break;
    block = [];
    blockBytes = 0;
  }
  await file.close();
  return total;
}

async function writeLines(path, count, seed, gzip) {
  const total = { events: 0, passing: 0, bytes: 0 };
  async function* texts() {
    let text = "";
    for await (const { event, kind } of soundSamples(seed)) {
      text += `${JSON.stringify(event)}\n`;
      total.events += 1;
      if (FOR_SEGMENT.has(kind)) total.passing += 1;
      if (total.events < count && text.length < BLOCK_BYTES) continue;
      yield text;
      total.bytes += text.length;
      text = "";
      if (total.events === count) return;
    }
  }
  await pipeline(Readable.from(texts()), gzip ? createGzip() : new PassThrough(), createWriteStream(path));
  return total;
}

/** Files of an older generator or schema are not used again. */
function generatorHash() {
  const hash = createHash("sha256").update(readFileSync(exportSchema));
  for (const name of ["sample-events", "sample-flags", "sample-people", "avro-events", "avro-fit"]) {
    hash.update(readFileSync(join(root, `dist/emulators/${name}.js`)));
  }
  return hash
    .update(String([BLOCK_BYTES, ...LEFT_OUT]))
    .digest("hex")
    .slice(0, 8);
}
