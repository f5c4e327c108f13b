// A backfill to Segment as per-record Node streams and `fetch`: avsc's own container reader, a Transform that maps, one
// that batches, a Writable that posts. `node backfill-fetch-streams.mjs <container file> <origin>`

import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { messagesOf } from "./map-transform.mjs";

const [input, origin] = process.argv.slice(2);
const MOST_EVENTS = 800;
let written = 0;
let batch = [];

const post = new Writable({
  objectMode: true,
  write(message, _encoding, done) {
    batch.push(message);
    written += 1;
    if (batch.length < MOST_EVENTS) done();
    else send().then(() => done(), done);
  },
  final(done) {
    send().then(() => done(), done);
  },
});

async function send() {
  const body = JSON.stringify({ batch, writeKey: "a-write-key-for-benchmarks" });
  batch = [];
  const answer = await fetch(`${origin}/v1/batch`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json" },
  });
  await answer.arrayBuffer();
}

await pipeline(...messagesOf(input), post);
console.log(JSON.stringify({ written }));
