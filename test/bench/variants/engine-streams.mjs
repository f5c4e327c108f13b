// The same work as per-record Node streams: Readable -> three Transforms -> Writable, all in object mode.

import { Readable, Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { BATCH, passThrough, recordsInMemory, TEXT } from "./engine-records.mjs";
import { warmThenTimed } from "./timed.mjs";

const count = { settled: 0 };
const records = recordsInMemory(count);

function* source(n) {
  for (let i = 0; i < n; i++) yield records[i % records.length];
}

const stage = () =>
  new Transform({
    objectMode: true,
    transform(record, _encoding, done) {
      done(null, passThrough(record));
    },
  });

function sink() {
  let batch = [];
  const write = () => {
    for (const { record } of batch) record.settle();
    batch = [];
  };
  return new Writable({
    objectMode: true,
    write(record, _encoding, done) {
      batch.push({ record, bytes: Buffer.byteLength(TEXT) });
      if (batch.length === BATCH) write();
      done();
    },
    final(done) {
      write();
      done();
    },
  });
}

await warmThenTimed(Number(process.argv[2]), async (n) => {
  count.settled = 0;
  await pipeline(Readable.from(source(n)), stage(), stage(), stage(), sink());
  if (count.settled !== n) throw new Error(`${count.settled} settled of ${n}`);
});
