// The proxy itself: what it does to bytes, and what it leaves alone.

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";

import { FaultProxy, type Toxics } from "./support/proxy.ts";

interface Line {
  readonly proxy: FaultProxy;
  readonly ends: { count: number };
  dial(): Promise<Client>;
}

interface Client {
  readonly socket: Socket;
  received(): Buffer;
  readonly closed: Promise<string>;
}

/** A server that sends everything back, behind a proxy. */
async function echo(seed = 1): Promise<Line> {
  const ends = { count: 0 };
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    socket.on("end", () => {
      ends.count += 1;
      socket.end();
    });
    socket.on("data", (chunk) => socket.write(chunk));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy = await FaultProxy.start((server.address() as AddressInfo).port, seed);
  onTestFinished(async () => {
    await proxy.close();
    server.close();
  });
  const dial = async (): Promise<Client> => {
    const socket = connect({ port: proxy.port, host: "127.0.0.1", allowHalfOpen: true });
    onTestFinished(() => {
      socket.destroy();
    });
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    const closed = new Promise<string>((resolve) => {
      socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
      socket.on("end", () => resolve("end"));
    });
    await once(socket, "connect");
    return { socket, closed, received: () => Buffer.concat(chunks) };
  };
  return { proxy, ends, dial };
}

async function until(test: () => boolean): Promise<void> {
  while (!test()) await sleep(5);
}

describe("the fault proxy", () => {
  it("passes any bytes unchanged and in order, whatever slows them down", async () => {
    const { proxy, dial } = await echo();
    const toxic = fc.record<Toxics>(
      {
        latency: fc.record({ ms: fc.nat(5), jitterMs: fc.nat(5) }),
        slicer: fc.record({ bytes: fc.integer({ min: 1, max: 700 }), delayMs: fc.constant(0) }),
        bandwidth: fc.record({ bytesPerSecond: fc.integer({ min: 1_000_000, max: 9_000_000 }) }),
      },
      { requiredKeys: [] },
    );
    const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 3_000 }), {
      minLength: 1,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(toxic, toxic, pieces, async (up, down, sent) => {
        proxy.up = up;
        proxy.down = down;
        const { socket, received } = await dial();
        for (const piece of sent) socket.write(piece);
        const expected = Buffer.concat(sent);
        await until(() => received().length >= expected.length);
        expect(received().equals(expected)).toBe(true);
        socket.destroy();
      }),
      { numRuns: 40 },
    );
  });

  it("delays by at least the latency, in each direction", async () => {
    const { proxy, dial } = await echo();
    proxy.set({ latency: { ms: 60 } });
    const { socket, received } = await dial();
    const startedAt = performance.now();
    socket.write("x");
    await until(() => received().length === 1);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(115);
  });

  it("passes on an end, late when it is told so", async () => {
    const { proxy, ends, dial } = await echo();
    const plain = await dial();
    plain.socket.end();
    expect(await plain.closed).toBe("end");
    proxy.up = { slowClose: { ms: 80 } };
    const slow = await dial();
    slow.socket.end("x");
    await until(() => slow.received().length === 1);
    expect(ends.count).toBe(1);
    expect(await slow.closed).toBe("end");
    expect(ends.count).toBe(2);
  });

  it("lets through no more than the bytes of a limit, then closes", async () => {
    const { proxy, dial } = await echo();
    proxy.down = { limitData: { bytes: 10 } };
    const { socket, received, closed } = await dial();
    socket.write("0123456");
    await until(() => received().length === 7);
    socket.write("789abc");
    expect(["ECONNRESET", "end"]).toContain(await closed);
    expect("0123456789".startsWith(received().toString())).toBe(true);
  });

  it("resets every connection when asked", async () => {
    const { proxy, dial } = await echo();
    const clients = await Promise.all([dial(), dial(), dial()]);
    await until(() => proxy.connections === 3);
    expect(proxy.resetAll()).toBe(3);
    for (const { closed } of clients) expect(await closed).toBe("ECONNRESET");
    expect(proxy.connections).toBe(0);
  });

  it("freezes what is connected, without an end or a reset, and lets new connections work", async () => {
    const { proxy, ends, dial } = await echo();
    const old = await dial();
    old.socket.write("a");
    await until(() => old.received().length === 1);
    expect(proxy.freezeAll()).toBe(1);
    old.socket.write("b");
    old.socket.end();
    const young = await dial();
    young.socket.write("c");
    await until(() => young.received().length === 1);
    await sleep(50);
    expect(old.received().toString()).toBe("a");
    expect(ends.count).toBe(0);
    expect(await Promise.race([old.closed, sleep(20, "silent")])).toBe("silent");
    proxy.endFrozen();
    expect(await old.closed).toBe("ECONNRESET");
  });

  it("keeps a connection dead that lost bytes in a hole", async () => {
    const { proxy, dial } = await echo();
    const { socket, received } = await dial();
    proxy.set({ blackhole: true });
    socket.write("lost");
    await sleep(30);
    proxy.heal();
    socket.write("after");
    const fresh = await dial();
    fresh.socket.write("new");
    await until(() => fresh.received().length === 3);
    expect(received().length).toBe(0);
  });

  it("refuses connections as a closed port does, and accepts again", async () => {
    const { proxy, dial } = await echo();
    await proxy.refuse();
    await expect(dial()).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await proxy.accept();
    const { socket, received } = await dial();
    socket.write("x");
    await until(() => received().length === 1);
  });
});
