// A backfill as per-record Node streams: avsc's own container reader, a Transform that maps, one that serialises, a
// file. `node backfill-streams.mjs <container file> <output file>`

import { createReadStream, createWriteStream } from "node:fs";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

import avsc from "avsc";

import { segmentMessage } from "../harness/hand-mapping.mjs";

const [input, output] = process.argv.slice(2);
let written = 0;

const map = new Transform({
  objectMode: true,
  transform(datum, _encoding, done) {
    const message = segmentMessage(datum);
    if (message) done(null, message);
    else done();
  },
});
const serialise = new Transform({
  writableObjectMode: true,
  transform(message, _encoding, done) {
    written += 1;
    done(null, `${JSON.stringify(message)}\n`);
  },
});

await pipeline(
  createReadStream(input),
  new avsc.streams.BlockDecoder(),
  map,
  serialise,
  createWriteStream(output),
);
console.log(JSON.stringify({ written }));
