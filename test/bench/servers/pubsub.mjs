// The product's local Pub/Sub as a process of its own, with a backlog of messages before it says that it is ready.
//
// Settings: { count, file } for raw Avro data of a container file on a topic with that schema ({ messageBytes }: with an
// attribute that makes the messages this large on average), or { count, bytes }
// for JSON events of exactly so many bytes on a topic without one; { faults } for its stream faults; { topics } to deal
// the messages out to so many topics with a subscription each. Says
// { address, subscription, subscriptions }; answers { ask: "state" } with the subscription's state.

import { readDatums } from "../harness/read-datums.mjs";
import { load } from "../harness/product.mjs";
import { ENVIRONMENT } from "../harness/inputs.mjs";

const { count, file, bytes, faults, messageBytes = 0, topics = 1 } = JSON.parse(process.argv[2]);
const { startPubSub } = await load("emulators/pubsub/start-pubsub.js");

const TOPIC = "projects/bench/topics/events";
const SUBSCRIPTION = "projects/bench/subscriptions/events";
const SCHEMA = "projects/bench/schemas/events";
const AT_ONCE = 1_000;
const named = (name, index) => (index === 0 ? name : `${name}-${index}`);

const pubsub = await startPubSub(faults ? { faults: { streams: faults } } : {});
const { schema, data } = file ? readDatums(file, count) : { data: jsonEvents(count, bytes) };
/** Names and values of the three attributes that Pub/Sub adds on a topic with a schema. */
const SCHEMA_ATTRIBUTES = 118;
const meanBytes = data.reduce((sum, { length }) => sum + length, 0) / data.length;
const padding = Math.max(0, Math.round(messageBytes - meanBytes - SCHEMA_ATTRIBUTES - "padding".length));
const attributes = padding > 0 ? { attributes: { padding: "x".repeat(padding) } } : {};
if (schema) pubsub.createSchema({ name: SCHEMA, type: "AVRO", definition: schema });
const subscriptions = [];
for (let index = 0; index < topics; index++) {
  const topic = named(TOPIC, index);
  const subscription = named(SUBSCRIPTION, index);
  if (schema) pubsub.createTopic({ name: topic, schemaSettings: { schema: SCHEMA, encoding: "BINARY" } });
  else pubsub.createTopic(topic);
  pubsub.createSubscription({ name: subscription, topic, ackDeadlineSeconds: 60 });
  subscriptions.push(subscription);
  const own = topics === 1 ? data : data.filter((_, at) => at % topics === index);
  for (let i = 0; i < own.length; i += AT_ONCE) {
    pubsub.publish(
      topic,
      own.slice(i, i + AT_ONCE).map((one) => ({ data: one, ...attributes })),
    );
  }
}
process.send({ address: pubsub.address, subscription: SUBSCRIPTION, subscriptions });
process.on("message", ({ ask }) => {
  if (ask === "state") process.send({ state: pubsub.subscription(SUBSCRIPTION) });
});
process.on("disconnect", () => process.exit(0));

function jsonEvents(n, size) {
  return Array.from({ length: n }, (_, i) => {
    const text = (pad) =>
      JSON.stringify({
        project: "5744c12345c9900708000001",
        environment: ENVIRONMENT,
        event: {
          kind: "custom",
          id: `bench-${i}`,
          creationDate: 1_767_225_600_000 + i,
          key: "order-placed",
          contextKeys: { user: `user-${i % 5_000}` },
          data: pad,
        },
        version: 2,
      });
    return Buffer.from(text("x".repeat(size - text("").length)));
  });
}
