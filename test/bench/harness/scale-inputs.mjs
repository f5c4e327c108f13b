// Inputs of the scale curve, made in a folder of their own from one file of events: the same events in many files, the same
// many times under other ids, and events of a given size.

import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

import avsc from "avsc";

import { ENVIRONMENT } from "./inputs.mjs";
import { folder } from "./launch.mjs";
import { load } from "./product.mjs";
import { readContainer } from "./read-datums.mjs";

const MARKER = Buffer.from("sluice-benchmark");
const { containerBlock, containerHeader } = await load("avro/container-writer.js");
const BLOCK_BYTES = 64 * 1024;

/** The first `blocks` blocks of a file, dealt out to `files` files. Yields `{ paths, events, passing }`. */
export function splitFile({ path, events: all, passing }, files, blocks) {
  const source = readContainer(path);
  const head = containerHeader(source.schema, "null", MARKER);
  const into = freshFolder(`split-${files}`);
  const each = blocks / files;
  const paths = [];
  let events = 0;
  for (let file = 0; file < files; file++) {
    const own = source.blocks.slice(file * each, (file + 1) * each);
    const name = join(into, `${String(file).padStart(4, "0")}.avro`);
    const parts = own.map(({ count, start, end }) =>
      containerBlock(count, source.bytes.subarray(start, end), MARKER),
    );
    writeFileSync(name, Buffer.concat([head, ...parts]));
    events += own.reduce((sum, { count }) => sum + count, 0);
    paths.push(name);
  }
  // About: kinds are dealt out evenly over the file.
  return { paths, events, passing: Math.floor((events * passing) / all) };
}

/** The events of a file `times` times, each time with the first character of the ids another. */
export function repeatFile({ path, events, passing }, times) {
  const { bytes, schema, blocks } = readContainer(path);
  const type = avsc.Type.forSchema(JSON.parse(schema));
  const ids = [];
  for (const { count, start, end } of blocks) {
    const block = bytes.subarray(start, end);
    for (let i = 0, at = 0; i < count; i++) {
      const { value, offset } = type.decode(block, at);
      const { id } = value.event[Object.keys(value.event)[0]];
      ids.push(start + at + block.subarray(at, offset).indexOf(id));
      at = offset;
    }
  }
  const into = freshFolder("repeated");
  const paths = Array.from({ length: times }, (_, time) => {
    // Ids are hexadecimal: from `g` on nothing is taken.
    if (time > 0) for (const at of ids) bytes[at] = 0x66 + time;
    const copy = join(into, `${String(time).padStart(2, "0")}.avro`);
    writeFileSync(copy, bytes);
    return copy;
  });
  return { paths, events: events * times, passing: passing * times };
}

/** Evaluations whose datum has about `size` bytes, most of them a text that was served. */
export async function sizedFile(size, events) {
  const { encodeAvro, exportEventSchema } = await load("emulators/avro-events.js");
  const path = join(freshFolder(`sized-${size}`), "events.avro");
  const datum = (i, value) =>
    encodeAvro({
      project: "5744c12345c9900708000001",
      environment: ENVIRONMENT,
      event: {
        kind: "feature",
        id: `sized-${size}-${i}`,
        creationDate: 1_767_225_600_000 + i,
        key: "checkout-redesign",
        version: 42,
        variation: 1,
        value,
        default: false,
        contextKeys: { user: `user-${i % 5_000}` },
      },
      version: 2,
    });
  const pad = "x".repeat(Math.max(0, size - datum(events, "").length));
  const file = openSync(path, "w");
  writeSync(file, containerHeader(exportEventSchema(), "null", MARKER));
  let bytes = 0;
  for (let i = 0; i < events; ) {
    const block = [];
    for (let length = 0; i < events && length < BLOCK_BYTES; i++)
      length += block[block.push(datum(i, pad)) - 1].length;
    const data = Buffer.concat(block);
    bytes += data.length;
    writeSync(file, containerBlock(block.length, data, MARKER));
  }
  closeSync(file);
  return { path, events, passing: events, bytesEach: bytes / events };
}

function freshFolder(name) {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  return path;
}
