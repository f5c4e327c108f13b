import { protos } from "@google-cloud/pubsub";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  acknowledgeRequest,
  modifyAckDeadlineRequest,
  PullResponseReader,
  type ReceivedMessage,
  streamingPullRequest,
} from "../../../src/sources/pubsub/wire.ts";
import { aMessage } from "./fake-pull.ts";
import { encodedResponse } from "./grpc-server.ts";

const v1 = protos.google.pubsub.v1;
const SUBSCRIPTION = "projects/p/subscriptions/é";

/** What Google's generated class makes of the same bytes. */
function byGoogle(response: Uint8Array): ReceivedMessage[] {
  return v1.StreamingPullResponse.decode(response).receivedMessages.map(
    ({ ackId, message, deliveryAttempt }) => {
      const attributes = message?.attributes ?? {};
      const { seconds, nanos } = message?.publishTime ?? {};
      return {
        ackId: Buffer.from(ackId ?? "").toString("latin1"),
        id: message?.messageId ?? "",
        body: Buffer.from(message?.data ?? []),
        attributes,
        attributeBytes: Buffer.byteLength(Object.entries(attributes).flat().join("")),
        publishedAtMs: Number(seconds ?? 0) * 1_000 + Math.floor((nanos ?? 0) / 1_000_000),
        attempt: deliveryAttempt ?? 0,
      };
    },
  );
}

const attributes = fc.dictionary(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), {
  maxKeys: 4,
});
const message = fc.record({
  ackId: fc.string({ unit: "grapheme" }),
  deliveryAttempt: fc.nat(),
  message: fc.record({
    messageId: fc.string({ unit: "grapheme" }),
    data: fc.uint8Array({ maxLength: 300 }),
    attributes: fc.oneof(fc.constant({ schema: "s", revision: "r" }), attributes),
    orderingKey: fc.string(),
    publishTime: fc.record({ seconds: fc.nat(), nanos: fc.nat({ max: 999_999_999 }) }),
  }),
});

describe("a response", () => {
  it("is read as Google's own classes read it", () => {
    const reader = new PullResponseReader();
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), (receivedMessages) => {
        const bytes = v1.StreamingPullResponse.encode({ receivedMessages }).finish();
        expect(reader.read(Buffer.from(bytes))).toEqual(byGoogle(bytes));
      }),
    );
  });

  it("with fields of a later version is read without them", () => {
    const [known] = new PullResponseReader().read(encodedResponse({ receivedMessages: [aMessage("a")] }));
    const newer = Buffer.concat([
      encodedResponse({ receivedMessages: [aMessage("a")] }),
      Buffer.from([0x7a, 0x02, 1, 2, 0x78, 0x96, 0x01, 0x7d, 1, 2, 3, 4, 0x79, 1, 2, 3, 4, 5, 6, 7, 8]),
    ]);
    expect(new PullResponseReader().read(newer)).toEqual([known]);
  });

  it("that is cut off or damaged is an error and never a part of it", () => {
    const whole = encodedResponse({ receivedMessages: [aMessage("a", { attributes: { b: "c" } })] });
    for (let length = 1; length < whole.length; length++)
      expect(() => new PullResponseReader().read(whole.subarray(0, length))).toThrow(RangeError);
    const mutant = fc.uint8Array({ minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(mutant, (bytes) => {
        try {
          new PullResponseReader().read(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });

  it("gives each body memory of its own, so that one does not hold its whole response", () => {
    const response = Buffer.from(encodedResponse({ receivedMessages: [aMessage("a"), aMessage("b")] }));
    const [first] = new PullResponseReader().read(response);
    response.fill(0);
    expect(Buffer.from(first?.body ?? []).toString()).toBe("body a");
  });

  it("keeps an attribute named __proto__ as an attribute", () => {
    const entries = '{"__proto__":"x"}';
    const sent = aMessage("a", { attributes: JSON.parse(entries) as Record<string, string> });
    const [received] = new PullResponseReader().read(encodedResponse({ receivedMessages: [sent] }));
    expect(JSON.stringify(received?.attributes)).toBe(entries);
  });
});

describe("a request", () => {
  it("has every field of the first request", () => {
    const first = {
      streamAckDeadlineSeconds: 60,
      maxOutstandingMessages: 1_000_000,
      maxOutstandingBytes: 8_589_934_592,
      clientId: "sluice-1",
    };
    const read = v1.StreamingPullRequest.decode(streamingPullRequest(SUBSCRIPTION, first));
    expect(v1.StreamingPullRequest.toObject(read, { longs: Number })).toEqual({
      ...first,
      subscription: SUBSCRIPTION,
    });
  });

  it("sends acknowledgement ids back byte for byte", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" }), { maxLength: 20 }), (ackIds) => {
        const receivedMessages = ackIds.map((ackId) => aMessage("a", { ackId }));
        const held = new PullResponseReader()
          .read(encodedResponse({ receivedMessages }))
          .map(({ ackId }) => ackId);
        const ack = v1.AcknowledgeRequest.decode(acknowledgeRequest(SUBSCRIPTION, held));
        expect(ack).toMatchObject({ subscription: SUBSCRIPTION, ackIds });
        const modify = v1.ModifyAckDeadlineRequest.decode(modifyAckDeadlineRequest(SUBSCRIPTION, held, 600));
        expect(modify).toMatchObject({ subscription: SUBSCRIPTION, ackIds, ackDeadlineSeconds: 600 });
      }),
    );
  });

  it("grows with what it holds", () => {
    const ackIds = ["short", "x".repeat(5_000)];
    expect(v1.AcknowledgeRequest.decode(acknowledgeRequest(SUBSCRIPTION, ackIds)).ackIds).toEqual(ackIds);
  });
});
