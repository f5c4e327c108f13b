import { getEventListeners } from "node:events";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";

import type { FaultAction } from "../../../src/emulators/segment/faults.ts";
import type { FaultKind } from "../../../src/engine/errors.ts";
import { VirtualClock } from "../../../src/engine/virtual-clock.ts";
import { aSink, CANARY_KEY, destinationAt, faultOf } from "./sink-under-test.ts";
import { kept, segment, sinkTo, write } from "./sink-world.ts";

describe("a write that ends in a fault", () => {
  test.each<[string, FaultAction, FaultKind, string]>([
    ["400", { kind: "status", status: 400 }, "rejected", "http-400"],
    ["413", { kind: "status", status: 413 }, "rejected", "http-413"],
    ["401", { kind: "status", status: 401 }, "misconfigured", "http-401"],
    ["404", { kind: "status", status: 404 }, "misconfigured", "http-404"],
    ["501", { kind: "status", status: 501 }, "misconfigured", "http-501"],
    ["503", { kind: "status", status: 503 }, "unavailable", "http-503"],
    ["429", { kind: "status", status: 429 }, "throttled", "http-429"],
    ["a 503 whose body never ends", { kind: "drip", status: 503 }, "unavailable", "http-503"],
    ["a 400 whose body is cut", { kind: "cut", status: 400 }, "rejected", "http-400"],
    ["bytes that are not HTTP", { kind: "garbage" }, "unavailable", "bad-response"],
    ["a reset before the body", { kind: "reset-before-body" }, "unavailable", "connection-reset"],
    ["a reset after the body", { kind: "reset-after-body" }, "unavailable", "connection-reset"],
  ])("%s", async (_, action, kind, code) => {
    const server = await segment();
    server.inject({ action });
    const fault = await faultOf(write(sinkTo(server.url, { timeoutMs: 2_000 })));
    expect({ kind: fault.kind, code: fault.code }).toEqual({ kind, code });
  });

  test("takes the pause that a 429 asks for", async () => {
    const server = await segment({ rates: { requests: 1 }, retryAfterSeconds: 7 });
    const sink = sinkTo(server.url);
    await write(sink);
    const fault = await faultOf(write(sink));
    expect({ kind: fault.kind, pause: fault.retryAfterMs }).toEqual({ kind: "throttled", pause: 7_000 });
  });

  test.each<[string, FaultAction]>([
    ["no answer", { kind: "never" }],
    ["headers that drip for ever", { kind: "slow-headers", everyMs: 10 }],
  ])("%s: the total deadline ends it", async (_, action) => {
    const clock = new VirtualClock();
    const server = await segment();
    server.inject({ action });
    const sink = kept(aSink(destinationAt(server.url), { timeoutMs: 10_000 }, { clock }));
    const fault = faultOf(write(sink));
    while (server.stats().requests === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(10_000);
    expect(await fault).toMatchObject({ kind: "unavailable", code: "timeout" });
    expect(clock.pendingTimers).toBe(0);
  });

  test("refused connection: nothing was taken", async () => {
    const free = createTcpServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => free.once("listening", resolve));
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    const fault = await faultOf(write(sinkTo(`http://127.0.0.1:${port}`)));
    expect(fault).toMatchObject({ kind: "unavailable", code: "connection-refused" });
    expect(fault.message).not.toContain("may have been taken");
  });

  test("TLS that is none", async () => {
    const server = await segment();
    const fault = await faultOf(write(sinkTo(server.url.replace("http:", "https:"))));
    expect(fault).toMatchObject({ kind: "unavailable", code: "tls" });
  });

  test("a stop while waiting settles at once and leaves no listener", async () => {
    const server = await segment();
    server.inject({ action: { kind: "never" } });
    const stop = new AbortController();
    const fault = faultOf(write(sinkTo(server.url), stop.signal));
    while (server.stats().requests === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    expect(await fault).toMatchObject({ kind: "unavailable", code: "stopped" });
    expect(getEventListeners(stop.signal, "abort")).toHaveLength(0);
  });

  test("a run that has stopped sends nothing", async () => {
    const server = await segment();
    const fault = await faultOf(write(sinkTo(server.url), AbortSignal.abort()));
    expect({ code: fault.code, requests: server.stats().requests }).toEqual({ code: "stopped", requests: 0 });
  });

  test("a redirect is not followed, and the other host hears nothing", async () => {
    const server = await segment();
    const other = await segment();
    for (const status of [301, 302, 307, 308]) {
      server.inject({
        action: { kind: "redirect", location: `${other.url}/v1/batch?k=1`, status },
        count: 1,
      });
      expect(await faultOf(write(sinkTo(server.url)))).toMatchObject({
        kind: "misconfigured",
        code: `http-${status}`,
      });
    }
    expect(other.stats().requests).toBe(0);
  });

  test("nothing that a server echoes brings the write key into what is kept of it", async () => {
    const server = await segment();
    const basic = Buffer.from(`${CANARY_KEY}:`).toString("base64");
    const body = JSON.stringify({ message: `${CANARY_KEY} ${basic}`, sent: "x".repeat(1_000) + CANARY_KEY });
    server.inject({ action: { kind: "status", status: 400, body } });
    const fault = await faultOf(write(sinkTo(server.url)));
    const all = `${fault.inFull} ${fault.stack} ${JSON.stringify(fault)} ${String(fault.cause)}`;
    expect(all).toContain("[redacted]");
    expect(all).not.toContain(CANARY_KEY);
    expect(all).not.toContain(basic.slice(0, 20));
    expect(fault.inFull.length).toBeLessThan(1_400);
    expect(`${fault.message} ${fault.stack}`).not.toContain("xxx");
  });
});
