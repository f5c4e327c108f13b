import { status } from "@grpc/grpc-js";
import { describe, expect, it, vi } from "vitest";

import { type StatusName, statusNames } from "../../../src/emulators/pubsub/rpc-error.ts";
import { ServerWorld } from "./server-world.ts";

const server = ServerWorld.forThisFile();

describe("scripted faults of streams", () => {
  it.each(statusNames.filter((name) => name !== "OK"))("end open streams with %s", async (name) => {
    const stream = server.open();
    await stream.opened();
    expect(server.emulator.endStreams(name, { subscription: server.subscription, message: "as asked" })).toBe(
      1,
    );
    expect(await stream.ended()).toBe(status[name]);
    expect(server.emulator.subscription(server.subscription).streams).toBe(0);
  });

  it("end open streams with OK too", async () => {
    const stream = server.open();
    await stream.opened();
    server.emulator.endStreams("OK");
    expect(await stream.ended()).toBe(status.OK);
  });

  it("refuse the next streams, and only those", async () => {
    server.emulator.faults.fail({ rpc: "StreamingPull", status: "UNAUTHENTICATED", times: 2 });
    expect(await server.open().ended()).toBe(status.UNAUTHENTICATED);
    expect(await server.open().ended()).toBe(status.UNAUTHENTICATED);
    const third = server.open();
    await third.opened();
    third.cancel();
  });

  it("end every stream at an age", async () => {
    server.emulator.faults.setStreams({ maxAgeMs: 20, ageStatus: "DEADLINE_EXCEEDED" });
    expect(await server.open().ended()).toBe(status.DEADLINE_EXCEEDED);
  });

  it("keep streams silent until they may speak again", async () => {
    server.emulator.faults.setStreams({ silent: true });
    server.publish(3);
    const stream = server.open();
    await stream.opened();
    await stream.quiet();
    expect(stream.messages).toEqual([]);
    server.emulator.faults.setStreams({ silent: false });
    await stream.until(3);
    stream.cancel();
  });

  it("deliver every message n times, with an ack id each", async () => {
    server.emulator.faults.setStreams({ copies: 3 });
    const [id] = server.publish(1);
    const stream = server.open();
    await stream.until(3);
    expect(stream.messages.map(({ message }) => message.messageId)).toEqual([id, id, id]);
    expect(new Set(stream.messages.map(({ ackId }) => ackId)).size).toBe(3);
    stream.cancel();
  });

  it("hand out what an ended stream held before its leases run out, if they are told to", async () => {
    server.emulator.faults.setStreams({ releaseOnEnd: true });
    const ids = server.publish(2);
    const [first, other] = [server.open(), server.open()];
    await first.opened();
    await other.opened();
    await vi.waitFor(() => expect(first.messages.length + other.messages.length).toBe(2), 20_000);
    const gone = first.messages.length > 0 ? first : other;
    const held = gone.messages.map(({ message }) => message.messageId);
    gone.cancel();
    const next = server.open();
    const heir = gone === first ? other : first;
    const again = () => [...heir.messages, ...next.messages].map(({ message }) => message.messageId);
    await vi.waitFor(() => expect(again()).toEqual(expect.arrayContaining(held)), 20_000);
    expect(new Set([...again(), ...held])).toEqual(new Set(ids));
    heir.cancel();
    next.cancel();
  });

  it("cut connections, by a reset and by GOAWAY; the server goes on", async () => {
    const cut = server.open();
    await cut.opened();
    expect(server.emulator.dropConnections()).toBeGreaterThan(0);
    expect(await cut.ended()).toBe(status.UNAVAILABLE);
    const away = server.open();
    await away.opened();
    server.emulator.goAway(0);
    expect([status.UNAVAILABLE, status.CANCELLED]).toContain(await away.ended());
    const after = server.open();
    await after.opened();
    after.cancel();
  });
});

describe("scripted faults of calls", () => {
  async function pulled(): Promise<string> {
    server.publish(1);
    const [{ receivedMessages }] = await server.client.pull({
      subscription: server.subscription,
      maxMessages: 1,
    });
    return receivedMessages?.[0]?.ackId as string;
  }
  const acknowledge = (ackId: string) =>
    server.client.acknowledge({ subscription: server.subscription, ackIds: [ackId] }, { retry: null });
  const acked = () => server.emulator.subscription(server.subscription).acked;

  it.each<StatusName>(["INTERNAL", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED"])(
    "refuse an ack with %s, which then has no effect",
    async (name) => {
      const ackId = await pulled();
      server.emulator.faults.fail({ rpc: "Acknowledge", status: name, times: 1 });
      await expect(acknowledge(ackId)).rejects.toMatchObject({ code: status[name] });
      expect(acked()).toBe(0);
      await acknowledge(ackId);
      expect(acked()).toBe(1);
    },
  );

  it("lose the reply of an ack that took effect", async () => {
    const ackId = await pulled();
    server.emulator.faults.fail({ rpc: "Acknowledge", status: "INTERNAL", when: "after", times: 1 });
    await expect(acknowledge(ackId)).rejects.toMatchObject({ code: status.INTERNAL });
    expect(acked()).toBe(1);
  });

  it("never answer, until the client's deadline", async () => {
    const ackId = await pulled();
    server.emulator.faults.fail({ rpc: "Acknowledge", noReply: true, when: "after", times: 1 });
    const waiting = server.client.acknowledge(
      { subscription: server.subscription, ackIds: [ackId] },
      { timeout: 300, retry: null },
    );
    await expect(waiting).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    expect(acked()).toBe(1);
  });
});
