// The floor of a backfill: read, decode with avsc, map, JSON.stringify, write, in one loop over the blocks of the
// file, and nothing else. `node backfill-floor.mjs <container file> <output file>`

import { closeSync, openSync, writeSync } from "node:fs";

import avsc from "avsc";

import { segmentMessage } from "../harness/hand-mapping.mjs";
import { readContainer } from "../harness/read-datums.mjs";

const [input, output] = process.argv.slice(2);
const { bytes, schema, blocks } = readContainer(input);
const type = avsc.Type.forSchema(JSON.parse(schema));
const file = openSync(output, "w");
let written = 0;
for (const { count, start, end } of blocks) {
  const block = bytes.subarray(start, end);
  let lines = "";
  for (let i = 0, at = 0; i < count; i++) {
    const { value, offset } = type.decode(block, at);
    at = offset;
    const message = segmentMessage(value);
    if (!message) continue;
    lines += `${JSON.stringify(message)}\n`;
    written += 1;
  }
  writeSync(file, lines);
}
closeSync(file);
console.log(JSON.stringify({ written }));
