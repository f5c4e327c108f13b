// What the variants of per-record Node streams have in common: avsc's own container reader, and a Transform that maps.

import { createReadStream } from "node:fs";
import { Transform } from "node:stream";

import avsc from "avsc";

import { segmentMessage } from "../harness/hand-mapping.mjs";

/** The first streams of a pipeline: they end in messages. */
export function messagesOf(path) {
  const map = new Transform({
    objectMode: true,
    transform(datum, _encoding, done) {
      const message = segmentMessage(datum);
      if (message) done(null, message);
      else done();
    },
  });
  return [createReadStream(path), new avsc.streams.BlockDecoder(), map];
}
