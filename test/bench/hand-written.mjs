// The job that a team writes by itself in an afternoon, with the vendors' own libraries: high-level subscriber, avsc,
// analytics-node. What ours is compared with. Environment: SUBSCRIPTION, SCHEMA_FILE, SEGMENT_HOST, WRITE_KEY, and
// PUBSUB_EMULATOR_HOST.

import { readFileSync } from "node:fs";

import { PubSub } from "@google-cloud/pubsub";
import { Analytics } from "@segment/analytics-node";
import avsc from "avsc";

import { segmentMessage } from "./harness/hand-mapping.mjs";

const { SUBSCRIPTION = "", SCHEMA_FILE = "", SEGMENT_HOST = "", WRITE_KEY = "" } = process.env;

const type = avsc.Type.forSchema(JSON.parse(readFileSync(SCHEMA_FILE, "utf8")));
const analytics = new Analytics({
  writeKey: WRITE_KEY,
  host: SEGMENT_HOST,
  flushAt: 100,
  flushInterval: 1_000,
});
analytics.on("error", (error) => console.error(error));
const subscription = new PubSub({ projectId: SUBSCRIPTION.split("/")[1] }).subscription(SUBSCRIPTION);

subscription.on("error", (error) => console.error(error));
subscription.on("message", (message) => {
  const event = segmentMessage(type.fromBuffer(message.data));
  if (!event) {
    message.ack();
    return;
  }
  const { type: call, integrations: _, ...fields } = event;
  analytics[call](fields, (error) => {
    if (error) message.nack();
    else message.ack();
  });
});
