// A destination moves: its name leads elsewhere from one moment on, and both addresses answer.

import dns from "node:dns";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, expect, onTestFinished, test, vi } from "vitest";

import { VirtualClock } from "../../../src/engine/virtual-clock.ts";
import { aBatch, aMessage, aSink, destinationAt } from "./sink-under-test.ts";

afterEach(() => void vi.restoreAllMocks());

/** Counts its requests; connections stay open as long as the client wants. */
async function aServer(host: string, port: number) {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    request.resume().once("end", () => response.end('{"success":true}'));
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { requests: () => requests, port: (server.address() as AddressInfo).port };
}

test("a busy lane follows its destination to a new address once its connections are old", async () => {
  const before = await aServer("127.0.0.1", 0);
  const after = await aServer("127.0.0.2", before.port);
  let address = "127.0.0.1";
  vi.spyOn(dns, "lookup").mockImplementation(((_name: string, options: unknown, done: unknown) => {
    const answer = (done ?? options) as (...of: unknown[]) => void;
    const all = typeof options === "object" && options !== null && "all" in options && options.all;
    process.nextTick(() => (all ? answer(null, [{ address, family: 4 }]) : answer(null, address, 4)));
  }) as typeof dns.lookup);
  const clock = new VirtualClock();
  const sink = aSink(
    destinationAt(`http://segment.test:${before.port}`),
    { concurrency: 1, connectionTtlMs: 60_000 },
    { clock },
  );
  onTestFinished(() => sink.close());
  const write = () => sink.write(aBatch(sink, aMessage()), new AbortController().signal);

  await write();
  address = "127.0.0.2";
  await clock.advance(59_999);
  await write();
  expect([before.requests(), after.requests()]).toEqual([2, 0]);
  await clock.advance(1);
  await write();
  await write();
  expect([before.requests(), after.requests()]).toEqual([2, 2]);
});
