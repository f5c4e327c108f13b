// The product's local Pub/Sub as a process of its own, that publishes Avro events at a steady rate when it is told to.
// Each event's id is the time at which it was published: a word and sixteen digits of microseconds of the system's
// monotonic clock, which all processes of a machine share.
//
// Says { address, subscription }. { ask: "publish", perSecond, seconds } -> { published } when all are; { ask: "state" }
// -> { state } of the subscription.

import { ENVIRONMENT } from "../harness/inputs.mjs";
import { load } from "../harness/product.mjs";
import { publishTime } from "../harness/times.mjs";

const { startPubSub } = await load("emulators/pubsub/start-pubsub.js");
const { encodeAvro, exportEventSchema } = await load("emulators/avro-events.js");

const TOPIC = "projects/bench/topics/steady";
const SUBSCRIPTION = "projects/bench/subscriptions/steady";
const SCHEMA = "projects/bench/schemas/events";
const TICK_MS = 2;
/** What Pub/Sub takes in one request; a machine that stood still catches up over several. */
const MOST_AT_ONCE = 1_000;
/** Message data and the attributes that name the schema are 400 bytes together. */
const PAD = "x".repeat(140);

const pubsub = await startPubSub();
pubsub.createSchema({ name: SCHEMA, type: "AVRO", definition: exportEventSchema() });
pubsub.createTopic({ name: TOPIC, schemaSettings: { schema: SCHEMA, encoding: "BINARY" } });
pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, ackDeadlineSeconds: 60 });
process.send({ address: pubsub.address, subscription: SUBSCRIPTION });

let serial = 0;

function event() {
  serial += 1;
  return encodeAvro({
    project: "5744c12345c9900708000001",
    environment: ENVIRONMENT,
    event: {
      kind: "custom",
      id: publishTime(),
      creationDate: Date.now(),
      key: "order-placed",
      contextKeys: { user: `user-${serial % 5_000}` },
      data: PAD,
    },
    version: 2,
  });
}

function publish(perSecond, seconds) {
  const total = perSecond * seconds;
  const startedAt = performance.now();
  let published = 0;
  const timer = setInterval(() => {
    const due = Math.min(
      total,
      published + MOST_AT_ONCE,
      Math.floor(((performance.now() - startedAt) / 1000) * perSecond),
    );
    if (due > published) {
      pubsub.publish(
        TOPIC,
        Array.from({ length: due - published }, () => ({ data: event() })),
      );
      published = due;
    }
    if (published < total) return;
    clearInterval(timer);
    process.send({ published });
  }, TICK_MS);
}

process.on("message", ({ ask, perSecond, seconds }) => {
  if (ask === "publish") publish(perSecond, seconds);
  if (ask === "state") process.send({ state: pubsub.subscription(SUBSCRIPTION) });
});
process.on("disconnect", () => process.exit(0));
