// A backfill as per-record Node streams: avsc's own container reader, a Transform that maps, one that serialises, a
// file. `node backfill-streams.mjs <container file> <output file>`

import { createWriteStream } from "node:fs";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

import { messagesOf } from "./map-transform.mjs";

const [input, output] = process.argv.slice(2);
let written = 0;

const serialise = new Transform({
  writableObjectMode: true,
  transform(message, _encoding, done) {
    written += 1;
    done(null, `${JSON.stringify(message)}\n`);
  },
});

await pipeline(...messagesOf(input), serialise, createWriteStream(output));
console.log(JSON.stringify({ written }));
