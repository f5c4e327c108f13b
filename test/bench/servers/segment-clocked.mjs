// A Segment-shaped server that keeps when requests came and were sent (`sentAt`, by the sender's clock), how many events
// each had and how late those were, and that may have a limit: then it answers 429 with Retry-After: 1 to what would be
// over it in the sliding second.
//
// Says { port }. { ask: "limit", perSecond } sets or (0) lifts the limit. { ask: "report" } -> { report }: requests as
// [ms, events, status, sent ms] in the order of arrival, and the spread of the delays (harness/times.mjs), and begins anew.

import { createServer } from "node:http";

import { delaysIn, spread } from "../harness/times.mjs";

const EVENT = Buffer.from('"messageId"');
const SENT_AT = Buffer.from('"sentAt":"');
let requests = [];
let delays = [];
let limit = 0;
let inSecond = 0;
let accepted = [];
let head = 0;

function count(body) {
  let events = 0;
  for (let at = body.indexOf(EVENT); at >= 0; at = body.indexOf(EVENT, at + EVENT.length)) events += 1;
  return events;
}

/** Unix ms; it stands behind the events. */
function sentMs(body) {
  const from = body.lastIndexOf(SENT_AT) + SENT_AT.length;
  return Date.parse(body.latin1Slice(from, from + 24));
}

/** By the clock of this server: what came in the last second and was accepted, and this. */
function isOver(atMs, events) {
  while (head < accepted.length && accepted[head].atMs <= atMs - 1000) inSecond -= accepted[head++].events;
  if (limit > 0 && inSecond + events > limit) return true;
  accepted.push({ atMs, events });
  inSecond += events;
  if (head > 4096) {
    accepted = accepted.slice(head);
    head = 0;
  }
  return false;
}

const server = createServer((request, response) => {
  // When the request began to come: a body of many packets says when the machine had time for them.
  const atMs = performance.now();
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    const events = count(body);
    const status = isOver(atMs, events) ? 429 : 200;
    requests.push([atMs, events, status, sentMs(body)]);
    if (status === 200) delaysIn(body, '"eventId":"', delays);
    response.writeHead(status, {
      "content-type": "application/json",
      ...(status === 429 ? { "retry-after": "1" } : {}),
    });
    response.end('{"success":true}');
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
process.on("message", ({ ask, perSecond }) => {
  if (ask === "limit") limit = perSecond;
  if (ask !== "report") return;
  process.send({ report: { requests, delays: spread(delays), nowMs: performance.now() } });
  requests = [];
  delays = [];
});
process.on("disconnect", () => process.exit(0));
