// Receives and acknowledges, and nothing else: what the local Pub/Sub gives. With "stub": our own StreamingPull and ack
// requests. With "client": the vendor's high-level Subscription, its defaults.
// Arguments: how, subscription. Environment: PUBSUB_EMULATOR_HOST. Told over IPC { marks } it answers { mark, events,
// atMs } as each is passed; { ask: "delays" } -> { delays } of the ids that are times (harness/times.mjs).

import { load } from "../harness/product.mjs";
import { delaysIn, spread } from "../harness/times.mjs";

const [how, subscription] = process.argv.slice(2);
const ACKS_AT_ONCE = 1_000;
let marks = [];
let events = 0;
let delays = [];

function took(n) {
  events += n;
  while (marks.length > 0 && events >= marks[0])
    process.send({ mark: marks.shift(), events, atMs: performance.now() });
}

async function byStub() {
  const { connectPull } = await load("sources/pubsub/client.js");
  const { systemClock } = await load("engine/clock.js");
  const endpoint = process.env.PUBSUB_EMULATOR_HOST;
  const client = await connectPull({ subscription, endpoint, clock: systemClock, gatherMs: 0 });
  const first = {
    streamAckDeadlineSeconds: 60,
    maxOutstandingMessages: 10_000,
    maxOutstandingBytes: 1e9,
    clientId: "bench",
  };
  let ids = [];
  const flush = () => {
    const some = ids;
    ids = [];
    if (some.length > 0) client.acknowledge(some, 10_000).catch((error) => console.error(error));
  };
  setInterval(flush, 50).unref();
  client.open(first, {
    messages(list) {
      for (const { ackId, body } of list) {
        delaysIn(body, "", delays);
        ids.push(ackId);
      }
      took(list.length);
      if (ids.length >= ACKS_AT_ONCE) flush();
    },
    end: () => {},
  });
}

async function byClient() {
  const { PubSub } = await import("@google-cloud/pubsub");
  const from = new PubSub({ projectId: subscription.split("/")[1] }).subscription(subscription);
  from.on("error", (error) => console.error(error));
  from.on("message", (message) => {
    message.ack();
    took(1);
  });
}

process.on("message", (message) => {
  if (message.marks) marks = message.marks;
  if (message.ask !== "delays") return;
  process.send({ delays: spread(delays) });
  delays = [];
});
await (how === "stub" ? byStub() : byClient());
