import { connect as connectTcp, createServer, type Server as TcpServer, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";

import { afterEach, describe, expect, it } from "vitest";

import { systemClock } from "../../../src/engine/clock.ts";
import { connectPull } from "../../../src/sources/pubsub/client.ts";
import { pubsubSourceExample } from "../../../src/sources/pubsub/config.ts";
import { aMessage, messages } from "./fake-pull.ts";
import { endWith, ScriptedPubSub } from "./grpc-server.ts";
import { closeAll, closers, onRealConnection, until } from "./real-connection.ts";

afterEach(closeAll);

async function scripted(script: ScriptedPubSub["script"]): Promise<ScriptedPubSub> {
  const server = await ScriptedPubSub.start(script);
  closers.push(() => server.stop());
  return server;
}

describe("over gRPC", () => {
  it("receives, acknowledges and gives back", async () => {
    const server = await scripted({ stream: (call) => void call.write({ receivedMessages: messages(3) }) });
    const { records } = onRealConnection(server.endpoint);
    await until(() => records.length === 3);
    records[0]?.settle("ack");
    records[1]?.settle("nack");
    await until(() => server.acked.length + server.modified.length === 2);
    expect(server.acked).toEqual(["ack-m0"]);
    expect(server.modified).toEqual([{ ackIds: ["ack-m1"], seconds: 0 }]);
    expect(Buffer.from(records[2]?.body ?? []).toString()).toBe("body m2");
  });

  it("sends subscription, lease and flow control in the first request only", async () => {
    const server = await scripted({});
    onRealConnection(server.endpoint, {
      keepaliveMs: 50,
      maxMessages: 7,
      maxBytes: 8_000,
      ackDeadlineSeconds: 10,
    });
    await until(() => server.requests.length >= 3);
    const [first, ...others] = server.requests;
    expect(first).toMatchObject({
      subscription: pubsubSourceExample.subscription,
      streamAckDeadlineSeconds: 10,
    });
    expect(Number(first?.maxOutstandingMessages)).toBe(7);
    expect(Number(first?.maxOutstandingBytes)).toBe(8_000);
    for (const other of others) expect(other.toJSON()).toEqual({});
  });

  it("goes on after a stream that ended with any of the status codes", async () => {
    let code = 0;
    const server = await scripted({
      stream: (call) => {
        call.write({ receivedMessages: [aMessage(`after-${code}`)] });
        if (code <= 16) endWith(call, code);
        code += 1;
      },
    });
    const { records } = onRealConnection(server.endpoint);
    await until(() => records.some(({ id }) => id === "after-17"));
  });

  it("tells the status of a stream even while it does not read from it", async () => {
    const server = await scripted({
      stream: (call, _first, nth) => {
        call.write({ receivedMessages: messages(2, `s${nth}-`) });
        if (nth === 1) setTimeout(() => endWith(call, 14), 20);
      },
    });
    const { records, counts } = onRealConnection(server.endpoint, { maxMessages: 2 });
    await until(() => counts.get("source_stream_restarts_total") === 1);
    for (const record of records) record.settle("ack");
    await until(() => records.length === 4);
  });

  it("holds no more than its bound and one response when the server ignores flow control", async () => {
    let accepted = 0;
    const server = await scripted({
      stream: (call) => {
        const body = "x".repeat(500);
        const more = () => {
          while (accepted < 200_000) {
            const batch = Array.from({ length: 100 }, (_, n) => aMessage(`${accepted + n}`, { data: body }));
            accepted += 100;
            if (!call.write({ receivedMessages: batch })) return void call.once("drain", more);
          }
        };
        more();
      },
    });
    const { records, counts } = onRealConnection(server.endpoint, { maxMessages: 1_000 });
    await until(() => records.length >= 1_000);
    for (let n = 0; n < 50; n++) await turn();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(records.length).toBe(1_000);
    expect(counts.get("source_messages_received_total")).toBe(1_000);
    // What HTTP/2 lets a server send ahead is bounded by the window, 1 MB on either side.
    expect(accepted).toBeLessThan(20_000);
    let settled = 0;
    while (settled < 30_000) {
      for (const record of records.splice(0)) {
        record.settle("ack");
        settled += 1;
      }
      await turn();
    }
  });

  it("notices a connection that only looks alive, and makes a new one", async () => {
    const server = await scripted({
      stream: (call, _first, nth) => void call.write({ receivedMessages: [aMessage(`on-${nth}`)] }),
    });
    const proxy = await blackholeProxy(server.port);
    const { records } = onRealConnection(`127.0.0.1:${proxy.port}`, {
      keepaliveMs: 100,
      keepaliveTimeoutMs: 100,
    });
    await until(() => records.length === 1);
    proxy.swallow();
    await until(() => records.length === 2);
    expect(records.map(({ id }) => id)).toEqual(["on-1", "on-2"]);
  });

  it("acknowledges in the end when the answers to acknowledgements fail for a while", async () => {
    let failures = 3;
    const server = await scripted({
      stream: (call) => void call.write({ receivedMessages: [aMessage("a")] }),
      unary: (method) => (method === "Acknowledge" && failures-- > 0 ? { code: 13 } : new Uint8Array(0)),
    });
    const { records } = onRealConnection(server.endpoint);
    await until(() => records.length === 1);
    records[0]?.settle("ack");
    await until(() => server.acked.length === 1);
    expect(server.acked).toEqual(["ack-a"]);
  });

  it("cancels what is under way when it is closed", async () => {
    const server = await scripted({
      stream: (call) => void call.write({ receivedMessages: [aMessage("a")] }),
    });
    const client = await connectPull({
      ...pubsubSourceExample,
      endpoint: server.endpoint,
      clock: systemClock,
    });
    const ack = client.acknowledge(["a"], 60_000);
    client.close();
    await expect(ack).rejects.toMatchObject({ code: 1 });
  });
});

/** Passes bytes on until told to swallow them on every connection there is; new connections work. */
async function blackholeProxy(port: number): Promise<{ port: number; swallow(): void }> {
  const pairs: [Socket, Socket][] = [];
  const proxy: TcpServer = createServer((inner) => {
    const outer = connectTcp(port, "127.0.0.1");
    pairs.push([inner, outer]);
    inner.pipe(outer).pipe(inner);
    for (const socket of [inner, outer]) socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  closers.push(
    () =>
      new Promise<void>((resolve) => {
        for (const socket of pairs.flat()) socket.destroy();
        proxy.close(() => resolve());
      }),
  );
  const address = proxy.address();
  if (typeof address !== "object" || !address) throw new Error("the proxy has no port");
  return {
    port: address.port,
    swallow: () => {
      for (const [inner, outer] of pairs.splice(0)) {
        inner.unpipe(outer);
        outer.unpipe(inner);
        for (const socket of [inner, outer]) socket.on("data", () => {});
        closers.push(() => [inner, outer].forEach((socket) => void socket.destroy()));
      }
    },
  };
}
