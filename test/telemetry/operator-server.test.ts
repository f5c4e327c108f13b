import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";

import { expect, it, onTestFinished } from "vitest";

import { systemClock } from "../../src/engine/clock.ts";
import { Health } from "../../src/telemetry/health.ts";
import { startOperatorServer } from "../../src/telemetry/operator-server.ts";
import { prometheusPage } from "../../src/telemetry/prometheus-page.ts";
import { watched } from "./watched.ts";

async function aServer(port = 0) {
  const one = watched();
  const pipelines = () => [one];
  const health = new Health({
    clock: systemClock,
    pipelines,
    expected: () => 1,
    stuckMs: 60_000,
    loopMs: 60_000,
  });
  onTestFinished(() => health.stop());
  const page = prometheusPage({ version: "1", pipelines, withProcess: true });
  onTestFinished(() => page.close());
  const server = await startOperatorServer({ host: "127.0.0.1", port, page, health });
  onTestFinished(() => server.close());
  return { ...server, one };
}

it("answers only to reading, and says what there is", async () => {
  const { url } = await aServer();
  expect((await fetch(`${url}/metrics`, { method: "POST" })).status).toBe(405);
  const lost = await fetch(`${url}/../../etc/passwd`);
  expect([lost.status, await lost.text()]).toEqual([
    404,
    "/metrics, /livez, /readyz and /startupz are here\n",
  ]);
  const head = await fetch(`${url}/livez?verbose`, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
});

it("serves the metrics of the process beside ours", async () => {
  const { url } = await aServer();
  const response = await fetch(`${url}/metrics`);
  const text = await response.text();
  expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  for (const name of [
    "nodejs_eventloop_lag_p99_seconds",
    "process_resident_memory_bytes",
    "nodejs_heap_size_used_bytes",
    "nodejs_heap_size_total_bytes",
    "process_cpu_seconds_total",
    "nodejs_gc_duration_seconds",
    "sluice_build_info",
  ])
    expect(text).toContain(`# TYPE ${name} `);
});

it("says why with a 503", async () => {
  const { url, one } = await aServer();
  one.metrics.set("source_open", 0);
  const response = await fetch(`${url}/readyz`);
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({
    status: "not ready",
    reasons: ["under-test: the source is not open"],
  });
  expect((await fetch(`${url}/livez`)).status).toBe(200);
});

it("still answers while others hold connections open and say nothing", async () => {
  const { url } = await aServer();
  const { port } = new URL(url);
  const idle = Array.from({ length: 40 }, () => connect(Number(port), "127.0.0.1"));
  onTestFinished(() => idle.forEach((socket) => void socket.destroy()));
  for (const socket of idle) socket.on("error", () => {}).write("GET /livez HT");
  expect((await fetch(`${url}/livez`)).status).toBe(200);
});

it("says which address is taken", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void taken.close());
  const { port } = taken.address() as AddressInfo;
  await expect(aServer(port)).rejects.toMatchObject({
    code: "metrics-address",
    message: expect.stringContaining(`Cannot listen on 127.0.0.1:${port}`),
  });
});
