// The hand-made bytes against the vendor's own definitions: they must agree for every message.

import type { MethodDefinition } from "@grpc/grpc-js";
import fc from "fast-check";
import { expect, it } from "vitest";

import { measured, readPublishRequest } from "../../../src/emulators/pubsub/incoming-message.ts";
import { loadProtos } from "../../../src/emulators/pubsub/protos.ts";
import { writePullResponse } from "../../../src/emulators/pubsub/pull-response.ts";
import { storedMessage } from "../../../src/emulators/pubsub/stored-message.ts";

const { publisher, subscriber, codec } = loadProtos();
const publish = publisher["Publish"] as MethodDefinition<object, object>;
const streamingPull = subscriber["StreamingPull"] as MethodDefinition<object, object>;

const text = fc.string({ unit: "binary", maxLength: 300 });
const key = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
  .filter((name) => name !== "__proto__");
const message = fc.record({
  data: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
  attributes: fc.dictionary(key, text, { maxKeys: 4, noNullPrototype: true }),
  orderingKey: fc.string({ unit: "grapheme", maxLength: 40 }),
});

it("measures what a client encoded", () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 5 }), fc.string(), (messages, topic) => {
      const request = readPublishRequest(publish.requestSerialize({ topic, messages }));
      expect(request.topic).toBe(topic);
      expect(request.messages).toHaveLength(messages.length);
      request.messages.forEach((incoming, index) => {
        const { data, attributes, orderingKey } = messages[index]!;
        const keys = Object.keys(attributes).map((name) => Buffer.byteLength(name));
        const values = Object.values(attributes).map((value) => Buffer.byteLength(value));
        expect(incoming.data).toEqual(data);
        expect(incoming.attributes).toBe(keys.length);
        expect(incoming.longestKey).toBe(Math.max(0, ...keys));
        expect(incoming.longestValue).toBe(Math.max(0, ...values));
        expect(incoming.orderingKeyBytes).toBe(Buffer.byteLength(orderingKey));
      });
    }),
  );
});

it("never hangs or reads past the end of bytes that are no request", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        readPublishRequest(Buffer.from(bytes));
      } catch (error) {
        expect((error as Error).message).toMatch(/not a valid google.pubsub.v1.PublishRequest/);
      }
    }),
    { numRuns: 5_000 },
  );
});

it("adds id, time and attributes after the client's bytes, and they win over the client's own", () => {
  const ids = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
  const times = fc.integer({ min: 0, max: 4_000_000_000_000 });
  const stamps = fc.dictionary(key, text, { maxKeys: 3, noNullPrototype: true });
  fc.assert(
    fc.property(message, ids, times, stamps, (sent, id, publishedAtMs, attributes) => {
      const forged = { ...sent, messageId: "forged", publishTime: { seconds: 9, nanos: 9 } };
      const wire = Buffer.from(codec.encode(forged));
      const stored = storedMessage(wire, { id, publishedAtMs, attributes });
      const nanos = (publishedAtMs % 1000) * 1e6;
      expect(codec.decode(stored.wire)).toEqual({
        ...sent,
        attributes: { ...sent.attributes, ...attributes },
        messageId: String(id),
        publishTime: { seconds: Math.floor(publishedAtMs / 1000), nanos },
      });
      expect(measured(Buffer.from(stored.wire)).data).toEqual(sent.data);
    }),
  );
});

it("puts responses together as the definitions read them", () => {
  const receivedMessage = fc.record({
    ackId: fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 300 }),
    message,
    deliveryAttempt: fc.nat(100_000),
  });
  const ordering = fc.option(fc.boolean(), { nil: undefined });
  fc.assert(
    fc.property(fc.array(receivedMessage, { maxLength: 5 }), ordering, (messages, messageOrderingEnabled) => {
      const written = writePullResponse({
        receivedMessages: messages.map((m) => ({ ...m, wire: codec.encode(m.message) })),
        ...(messageOrderingEnabled === undefined ? {} : { messageOrderingEnabled }),
      });
      const properties = { exactlyOnceDeliveryEnabled: false, messageOrderingEnabled };
      expect(streamingPull.responseDeserialize(written)).toMatchObject({
        receivedMessages: messages.map(({ ackId, message: sent, deliveryAttempt }) => ({
          ackId,
          deliveryAttempt,
          message: sent,
        })),
        subscriptionProperties: messageOrderingEnabled === undefined ? null : properties,
      });
    }),
  );
});
