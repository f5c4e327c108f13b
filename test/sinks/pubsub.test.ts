import { protos } from "@google-cloud/pubsub";
import { afterEach, describe, expect, it } from "vitest";

import type { Batch, Sink, SinkDefinition } from "../../src/engine/contracts.ts";
import { DataError, SinkFault } from "../../src/engine/errors.ts";
import definition from "../../src/sinks/pubsub.ts";
import { aContext } from "../support/context.ts";
import { ScriptedPubSub } from "../sources/pubsub/grpc-server.ts";

const v1 = protos.google.pubsub.v1;
const topic = "projects/my-project/topics/dead-letters";
const publishable = v1.AcknowledgeRequest.encode({ ackIds: [] }).finish();
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function aServer(script: ScriptedPubSub["script"] = {}): Promise<ScriptedPubSub> {
  const server = await ScriptedPubSub.start(script);
  closers.push(() => server.stop());
  return server;
}

async function aSink(endpoint: string): Promise<Sink> {
  const sink: Sink = await (definition satisfies SinkDefinition).create(
    { ...definition.example, topic, endpoint },
    aContext(),
  );
  closers.push(() => sink.close());
  return sink;
}

function aBatch(sink: Sink, ...values: unknown[]): Batch {
  const items = values.map((value, index) => {
    const text = sink.encode(value);
    const origin = {
      id: `${index}`,
      body: new Uint8Array(0),
      attributes: {},
      publishedAtMs: 0,
      attempt: 1,
      writerSchema: undefined,
    };
    return { value, text, bytes: Buffer.byteLength(text), origin };
  });
  return { lane: topic, items, bytes: 0, attempt: 1 };
}

const never = new AbortController().signal;
const takesAll: ScriptedPubSub["script"] = {
  unary: (method, body) => {
    if (method !== "Publish") return publishable;
    const { messages } = v1.PublishRequest.decode(body);
    return v1.PublishResponse.encode({ messageIds: messages.map((_, index) => `${index}`) }).finish();
  },
};

describe("the pubsub sink", () => {
  it.each([
    [3, "rejected", "pubsub-invalid-argument"],
    [5, "misconfigured", "pubsub-not-found"],
    [7, "misconfigured", "pubsub-permission-denied"],
    [16, "misconfigured", "pubsub-unauthenticated"],
    [12, "misconfigured", "pubsub-unimplemented"],
    [9, "misconfigured", "pubsub-failed-precondition"],
    [8, "throttled", "pubsub-resource-exhausted"],
    [1, "unavailable", "pubsub-cancelled"],
    [2, "unavailable", "pubsub-unknown"],
    [4, "unavailable", "pubsub-deadline-exceeded"],
    [10, "unavailable", "pubsub-aborted"],
    [13, "unavailable", "pubsub-internal"],
    [14, "unavailable", "pubsub-unavailable"],
    [15, "unavailable", "pubsub-data-loss"],
  ])("turns status %i into a fault of kind %s", async (code, kind, faultCode) => {
    const server = await aServer({ unary: () => ({ code }) });
    const sink = await aSink(server.endpoint);
    const fault = await sink.write(aBatch(sink, { a: 1 }), never).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(SinkFault);
    expect(fault).toMatchObject({ kind, code: faultCode, message: expect.stringContaining(topic) });
  });

  it("says which role is missing", async () => {
    const server = await aServer({ unary: () => ({ code: 7 }) });
    const sink = await aSink(server.endpoint);
    await expect(sink.write(aBatch(sink, 1), never)).rejects.toThrow("roles/pubsub.publisher");
  });

  it("is unavailable when nothing listens, and works when something does", async () => {
    const server = await aServer(takesAll);
    const { endpoint } = server;
    await server.stop();
    const sink = await aSink(endpoint);
    await expect(sink.write(aBatch(sink, 1), never)).rejects.toMatchObject({ kind: "unavailable" });
  });

  it("is unavailable, not misconfigured, when aborted before or during a write", async () => {
    const server = await aServer(takesAll);
    const sink = await aSink(server.endpoint);
    await expect(sink.write(aBatch(sink, 1), AbortSignal.abort())).rejects.toMatchObject({
      kind: "unavailable",
    });
    const abort = new AbortController();
    const writing = sink.write(aBatch(sink, 1), abort.signal);
    setImmediate(() => abort.abort());
    // Either the answer or the abort came first; never anything else.
    await writing.catch((error: unknown) => expect(error).toMatchObject({ kind: "unavailable" }));
  });

  it("treats an answer with the wrong number of ids as not delivered", async () => {
    const server = await aServer({ unary: () => v1.PublishResponse.encode({ messageIds: ["1"] }).finish() });
    const sink = await aSink(server.endpoint);
    await expect(sink.write(aBatch(sink, 1, 2), never)).rejects.toMatchObject({
      kind: "unavailable",
      code: "pubsub-wrong-count",
    });
  });

  it("dead-letters a value without JSON form", async () => {
    const sink = await aSink("127.0.0.1:1");
    const circular: { self?: unknown } = {};
    circular.self = circular;
    for (const value of [undefined, circular, 1n]) {
      expect(() => sink.encode(value)).toThrow(DataError);
      expect(() => sink.encode(value)).toThrow(expect.objectContaining({ code: "not-json" }));
    }
  });

  it("publishes one message per value, as JSON text, in order", async () => {
    const server = await aServer(takesAll);
    const sink = await aSink(server.endpoint);
    await expect(sink.write(aBatch(sink, { n: 1 }, "ü"), never)).resolves.toBeUndefined();
    const request = v1.PublishRequest.decode(server.bodies[0]?.body ?? Buffer.alloc(0));
    expect(request.topic).toBe(topic);
    expect(request.messages.map(({ data }) => Buffer.from(data as Uint8Array).toString())).toEqual([
      '{"n":1}',
      '"ü"',
    ]);
    expect(request.messages[0]?.attributes).toEqual({ "content-type": "application/json" });
  });

  it("keeps a full batch below the 10 MB of a publish request", async () => {
    const sink = await aSink("127.0.0.1:1");
    const { bytes, count, envelopeBytes, separatorBytes } = sink.limits;
    const each = Math.floor((bytes - envelopeBytes) / count) - separatorBytes;
    const messages = Array.from({ length: count }, () => ({
      data: Buffer.alloc(each, "x"),
      attributes: { "content-type": "application/json" },
    }));
    const size = v1.PublishRequest.encode({ topic, messages }).finish().byteLength;
    expect(size).toBeLessThanOrEqual(bytes);
    expect(bytes).toBeLessThan(10_000_000);
  });
});

describe("the probe", () => {
  const granted = (permissions: string[]) => v1.AcknowledgeRequest.encode({ ackIds: permissions }).finish();
  /** TestIamPermissionsResponse: repeated string permissions = 1. */
  const permissions = (names: string[]) =>
    v1.StreamingPullResponse.AcknowledgeConfirmation.encode({ ackIds: names }).finish();

  it("accepts when the publish permission is granted, and publishes nothing", async () => {
    const server = await aServer({ unary: () => permissions(["pubsub.topics.publish"]) });
    const sink = await aSink(server.endpoint);
    await sink.probe(topic, never);
    expect(server.bodies.map(({ method }) => method)).toEqual(["TestIamPermissions"]);
    const expected = v1.AcknowledgeRequest.encode({ subscription: topic, ackIds: ["pubsub.topics.publish"] });
    expect(server.bodies[0]?.body).toEqual(Buffer.from(expected.finish()));
  });

  it("is misconfigured when the answer grants nothing: no role, or no such topic", async () => {
    const server = await aServer({ unary: () => granted([]) });
    const sink = await aSink(server.endpoint);
    await expect(sink.probe(topic, never)).rejects.toMatchObject({ kind: "misconfigured" });
  });

  it("asks for the topic itself where there is no IAM, as in emulators", async () => {
    const server = await aServer({
      unary: (method) => (method === "TestIamPermissions" ? { code: 12 } : new Uint8Array(0)),
    });
    const sink = await aSink(server.endpoint);
    await sink.probe(topic, never);
    expect(server.bodies.map(({ method }) => method)).toEqual(["TestIamPermissions", "GetTopic"]);
  });

  it("is misconfigured when the emulator has no such topic", async () => {
    const server = await aServer({ unary: (method) => ({ code: method === "GetTopic" ? 5 : 12 }) });
    const sink = await aSink(server.endpoint);
    await expect(sink.probe(topic, never)).rejects.toMatchObject({
      kind: "misconfigured",
      code: "pubsub-not-found",
    });
  });
});
