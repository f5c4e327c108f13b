// The packed floor of a backfill to Segment: decode with avsc, map and serialise by hand, straight into recycled buffers
// of one request each, and POST them. No checks, no hashed `messageId`, no search for duplicates, no counts, no
// checkpoint. `node backfill-packed-floor.mjs <container file> <origin>`

import avsc from "avsc";
import { Pool } from "undici";

import { segmentMessage } from "../harness/hand-mapping.mjs";
import { readContainer } from "../harness/read-datums.mjs";

const [input, origin] = process.argv.slice(2);
const BODY_BYTES = 480_000;
const MOST_EVENTS = 1_000;
const CONNECTIONS = 4;
const HEAD = '{"batch":[';
const TAIL = '],"sentAt":"2026-01-01T00:00:00.000Z","writeKey":"a-write-key-for-benchmarks"}';
const HEADERS = { "content-type": "application/json" };

const { bytes, schema, blocks } = readContainer(input);
const type = avsc.Type.forSchema(JSON.parse(schema));
const pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1 });
const free = Array.from({ length: CONNECTIONS + 1 }, () => Buffer.allocUnsafeSlow(BODY_BYTES + 65_536));
const waiting = [];
let buffer = free.pop();
let at = buffer.latin1Write(HEAD, 0);
let events = 0;
let written = 0;

const quote = (text) => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));
const PLAIN = /^[ !#-[\]-\uffff]*$/;

function text(message) {
  const { type: call, event, userId, anonymousId, previousId, messageId, timestamp, properties } = message;
  let json = anonymousId === undefined ? "{" : `{"anonymousId":${quote(anonymousId)},`;
  if (event !== undefined) json += `"event":"${event}",`;
  json += `"integrations":{},"messageId":"${messageId}",`;
  if (previousId !== undefined) json += `"previousId":${quote(previousId)},`;
  if (properties !== undefined) json += `"properties":${object(properties)},`;
  json += `"timestamp":"${timestamp}","type":"${call}"`;
  return userId === undefined ? `${json}}` : `${json},"userId":${quote(userId)}}`;
}

function object(properties) {
  let json = "{";
  for (const name in properties) {
    const value = properties[name];
    if (value === undefined || value === null) continue;
    if (json.length > 1) json += ",";
    if (typeof value === "string") json += `"${name}":${quote(value)}`;
    else json += `"${name}":${typeof value === "object" ? object(value) : value}`;
  }
  return `${json}}`;
}

async function send() {
  const full = buffer;
  const end = at - 1 + full.latin1Write(TAIL, at - 1);
  const answer = pool
    .request({ method: "POST", path: "/v1/batch", headers: HEADERS, body: full.subarray(0, end) })
    .then(async ({ body }) => {
      await body.dump();
      free.push(full);
      waiting.splice(waiting.indexOf(answer), 1);
    });
  waiting.push(answer);
  if (free.length === 0) await Promise.race(waiting);
  buffer = free.pop();
  at = buffer.latin1Write(HEAD, 0);
  events = 0;
}

for (const { count, start, end } of blocks) {
  const block = bytes.subarray(start, end);
  for (let i = 0, from = 0; i < count; i++) {
    const { value, offset } = type.decode(block, from);
    from = offset;
    const message = segmentMessage(value);
    if (!message) continue;
    at += buffer.utf8Write(text(message), at);
    buffer[at++] = 0x2c;
    written += 1;
    if (++events === MOST_EVENTS || at > BODY_BYTES - 2_000) await send();
  }
}
if (events > 0) await send();
await Promise.all(waiting);
await pool.close();
console.log(JSON.stringify({ written }));
