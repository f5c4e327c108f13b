// The floor of a backfill from JSON: read lines, JSON.parse, map, JSON.stringify, write, and nothing else.
// `node json-floor.mjs <NDJSON file, or .gz> <output file>`

import { closeSync, createReadStream, openSync, writeSync } from "node:fs";
import { createGunzip } from "node:zlib";

import { segmentMessageOfJson } from "../harness/hand-mapping.mjs";

const [input, output] = process.argv.slice(2);
const CHUNK_BYTES = 256 * 1024;

const file = openSync(output, "w");
let written = 0;
let rest = "";

function take(text) {
  let lines = "";
  let from = 0;
  for (let to = text.indexOf("\n"); to >= 0; to = text.indexOf("\n", from)) {
    const message = segmentMessageOfJson(JSON.parse(text.slice(from, to)));
    from = to + 1;
    if (!message) continue;
    lines += `${JSON.stringify(message)}\n`;
    written += 1;
  }
  writeSync(file, lines);
  return text.slice(from);
}

const bytes = createReadStream(input, { highWaterMark: CHUNK_BYTES });
const source = input.endsWith(".gz") ? bytes.pipe(createGunzip({ chunkSize: CHUNK_BYTES })) : bytes;
source.setEncoding("utf8");
for await (const chunk of source) rest = take(rest + chunk);
if (rest !== "") take(`${rest}\n`);
closeSync(file);
console.log(JSON.stringify({ written }));
