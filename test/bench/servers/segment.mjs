// A Segment-shaped server that does next to nothing: reads the body, counts the events in it, answers 200. (The local
// Segment of the product checks every rule; here it would be what is measured.)
//
// Settings: { marks: [numbers of events] }. Says { port } when ready, then { mark, events, atMs } as each mark is
// passed, by its own clock. Answers { ask: "events" } with { events }.

import { createServer } from "node:http";

const { marks = [] } = JSON.parse(process.argv[2] ?? "{}");
const EVENT = Buffer.from('"messageId"');
const ANSWER = Buffer.from('{"success":true}');
const waiting = [...marks];
let events = 0;

/** A name that stands across the border of two pieces is found with the end of the first. */
function count(piece, tail) {
  if (tail.length > 0) countIn(Buffer.concat([tail, piece.subarray(0, EVENT.length - 1)]));
  countIn(piece);
  return piece.subarray(Math.max(0, piece.length - EVENT.length + 1));
}

function countIn(bytes) {
  for (let at = bytes.indexOf(EVENT); at >= 0; at = bytes.indexOf(EVENT, at + EVENT.length)) events += 1;
}

function tellMarks() {
  while (waiting.length > 0 && events >= waiting[0]) {
    process.send({ mark: waiting.shift(), events, atMs: performance.now() });
  }
}

const server = createServer((request, response) => {
  let tail = Buffer.alloc(0);
  request.on("data", (piece) => {
    tail = count(piece, tail);
  });
  request.on("end", () => {
    tellMarks();
    response.writeHead(200, { "content-type": "application/json", "content-length": ANSWER.length });
    response.end(ANSWER);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
process.on("message", ({ ask }) => {
  if (ask === "events") process.send({ events });
});
process.on("disconnect", () => process.exit(0));
