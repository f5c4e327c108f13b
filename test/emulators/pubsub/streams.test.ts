// The server over a real socket, by the raw client: what the contract tests do not see, because Google's emulator
// cannot do it.

import { PubSub } from "@google-cloud/pubsub";
import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";

import { startPubSub } from "../../../src/emulators/pubsub/start-pubsub.ts";
import { ServerWorld } from "./server-world.ts";
import { withFaults } from "./world.ts";

const server = ServerWorld.forThisFile();

describe("server-side flow control", () => {
  it("stops at the messages that the first request allows, and goes on as they are acknowledged", async () => {
    server.publish(25);
    const stream = server.open({ maxOutstandingMessages: 10 });
    await stream.until(10);
    await stream.quiet();
    expect(stream.messages).toHaveLength(10);
    stream.ack(4);
    await stream.until(14);
    await stream.quiet();
    expect([stream.messages.length, server.emulator.subscription(server.subscription).outstanding]).toEqual([
      14, 10,
    ]);
    stream.cancel();
  });

  it("stops at the bytes, after the message that reaches them", async () => {
    server.publish(10, 1_000);
    const stream = server.open({ maxOutstandingBytes: 2_500 });
    await stream.until(3);
    await stream.quiet();
    expect(stream.messages).toHaveLength(3);
    stream.cancel();
  });

  it("is per stream", async () => {
    server.publish(100);
    const streams = [
      server.open({ maxOutstandingMessages: 10 }),
      server.open({ maxOutstandingMessages: 20 }),
    ];
    await Promise.all([streams[0]!.until(10), streams[1]!.until(20)]);
    await streams[0]!.quiet();
    expect(streams.map(({ messages }) => messages.length)).toEqual([10, 20]);
    for (const stream of streams) stream.cancel();
  });

  it("can be switched off", async () => {
    await withFaults(server.emulator.faults, { streams: { ignoreFlowControl: true } }, async () => {
      server.publish(500);
      const stream = server.open({ maxOutstandingMessages: 10 });
      await stream.until(500);
      stream.cancel();
    });
  });
});

describe("a stream", () => {
  it("tells the subscription's properties in an empty first response", async () => {
    const stream = server.open();
    await stream.opened();
    expect(stream.responses[0]).toMatchObject({
      receivedMessages: [],
      subscriptionProperties: { exactlyOnceDeliveryEnabled: false, messageOrderingEnabled: false },
    });
    stream.cancel();
  });

  it("shares with another what waits", async () => {
    const [a, b] = [server.open(), server.open()];
    await Promise.all([a.opened(), b.opened()]);
    server.publish(10);
    await Promise.all([a.until(5), b.until(5)]);
    expect([a.messages.length, b.messages.length]).toEqual([5, 5]);
    a.cancel();
    b.cancel();
  });

  it("carries a large backlog in responses of bounded size", async () => {
    for (let round = 0; round < 3; round++) server.publish(1_000, 400);
    server.publish(3, 300_000);
    const stream = server.open();
    await stream.until(3_003);
    const sizes = stream.responses.map(({ receivedMessages }) =>
      receivedMessages.reduce((sum, { message }) => sum + message.data.length, 0),
    );
    expect(Math.max(...sizes)).toBeLessThan(256 * 1024 + 300_000);
    expect(Math.max(...stream.responses.map(({ receivedMessages: m }) => m.length))).toBeLessThanOrEqual(
      1_000,
    );
    stream.cancel();
  });

  it.each([
    ["max_outstanding_messages", { maxOutstandingMessages: 5 }],
    ["max_outstanding_bytes", { maxOutstandingBytes: 5 }],
    ["a deadline under 10 s", { streamAckDeadlineSeconds: 9 }],
    ["an ack id that is none", { ackIds: ["bogus"] }],
    ["a deadline over 600 s for a message", { modifyDeadlineAckIds: ["x:1"], modifyDeadlineSeconds: [601] }],
    [
      "more than 512 KiB of ack ids",
      { ackIds: Array.from({ length: 600 }, (_, n) => `${"x".repeat(1000)}:${n + 1}`) },
    ],
  ])("ends with INVALID_ARGUMENT when a later request has %s", async (_, request) => {
    const stream = server.open();
    stream.write(request);
    expect(await stream.ended()).toBe(status.INVALID_ARGUMENT);
  });

  it("answers keepalive requests of protocol version 1, unless told not to", async () => {
    const stream = server.open({ protocolVersion: 1 });
    await stream.opened();
    stream.write({});
    await stream.untilResponses(2);
    await withFaults(server.emulator.faults, { streams: { ignorePings: true } }, async () => {
      stream.write({});
      await stream.quiet();
      expect(stream.responses).toHaveLength(2);
    });
    stream.cancel();
  });

  it("ends with NOT_FOUND when its subscription is deleted", async () => {
    const stream = server.open();
    await stream.opened();
    await server.client.deleteSubscription({ subscription: server.subscription });
    expect(await stream.ended()).toBe(status.NOT_FOUND);
  });

  it("leaves its messages leased when it is cancelled", async () => {
    server.publish(3);
    const stream = server.open();
    await stream.until(3);
    stream.cancel();
    await stream.ended();
    const [{ receivedMessages }] = await server.client.pull({
      subscription: server.subscription,
      maxMessages: 5,
      returnImmediately: true,
    });
    expect([receivedMessages?.length, server.emulator.subscription(server.subscription).outstanding]).toEqual(
      [0, 3],
    );
  });
});

describe("calls", () => {
  it("a Pull waits for messages, and gives up with the client", async () => {
    const pulling = server.client.pull({ subscription: server.subscription, maxMessages: 5 });
    server.publish(2);
    const [{ receivedMessages }] = await pulling;
    expect(receivedMessages).toHaveLength(2);
    const given = server.client.pull(
      { subscription: server.subscription, maxMessages: 5 },
      { timeout: 50, retry: null },
    );
    await expect(given).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    server.publish(1);
    expect(
      (await server.client.pull({ subscription: server.subscription, maxMessages: 5 }))[0].receivedMessages,
    ).toHaveLength(1);
  });

  it("all permissions are there on what exists, none on what does not", async () => {
    const pubsub = new PubSub({
      projectId: "test",
      apiEndpoint: server.emulator.address,
      emulatorMode: true,
    });
    const consume = "pubsub.subscriptions.consume";
    const ask = async (name: string) => (await pubsub.subscription(name).iam.testPermissions([consume]))[0];
    expect(await ask(server.subscription)).toEqual({ [consume]: true });
    expect(await ask(`${server.subscription}-none`)).toEqual({ [consume]: false });
    await pubsub.close();
  });

  it("a snapshot brings back what was not acknowledged when it was made, and what came after", async () => {
    const { client, subscription } = server;
    const take = async () => {
      const [{ receivedMessages = [] }] = await client.pull({ subscription, maxMessages: 10 });
      const ackIds = receivedMessages?.map(({ ackId }) => ackId ?? "") ?? [];
      if (ackIds.length > 0) await client.acknowledge({ subscription, ackIds });
      return receivedMessages?.map(({ message }) => message?.messageId);
    };
    server.publish(1);
    await take();
    const waiting = server.publish(1);
    const name = "projects/test/snapshots/one";
    const [snapshot] = await client.createSnapshot({ name, subscription });
    expect(snapshot.topic).toBe(server.topic);
    const after = server.publish(1);
    expect(await take()).toEqual([...waiting, ...after]);
    await client.seek({ subscription, snapshot: name });
    expect(await take()).toEqual([...waiting, ...after]);
    await client.deleteSnapshot({ snapshot: name });
    await expect(client.seek({ subscription, snapshot: name })).rejects.toMatchObject({
      code: status.NOT_FOUND,
    });
  });

  it("a server that closed leaves its port and answers nobody", async () => {
    const other = await startPubSub();
    await other.close();
    const again = await startPubSub({ port: other.port });
    expect(again.address).toBe(`127.0.0.1:${other.port}`);
    await again.close();
  });
});
