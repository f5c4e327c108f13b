// Traces and metrics of the real program, as a collector receives them.

import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { json } from "node:stream/consumers";

import { expect, it, onTestFinished, vi } from "vitest";

import { exported } from "../support/fixtures.ts";
import { pipelineYaml, start, SUBSCRIPTION, TOPIC, town } from "../support/program.ts";

const feature = exported("feature");
const soon = { timeout: 20_000, interval: 50 };
const PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, string | number>>;
}

interface Span {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: readonly Attribute[];
  readonly links?: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly attributes: Attribute[];
  }[];
  readonly status: { readonly code?: number };
}

interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly sum?: {
    readonly dataPoints: readonly { readonly asDouble: number; readonly attributes: Attribute[] }[];
  };
  readonly histogram?: { readonly dataPoints: readonly { readonly count: number }[] };
}

// biome-ignore lint/suspicious/noExplicitAny: OTLP, looked into where the test cares.
type Body = any;

const attributesOf = (list: readonly Attribute[]) =>
  Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]));

async function aCollector() {
  const spans: Span[] = [];
  const metrics = new Map<string, Metric>();
  const resources: Record<string, string | number | undefined>[] = [];
  const server = createServer(async (request, response) => {
    const body: Body = await json(request);
    for (const { resource } of [...(body.resourceSpans ?? []), ...(body.resourceMetrics ?? [])])
      resources.push(attributesOf(resource.attributes));
    for (const { scopeSpans } of body.resourceSpans ?? [])
      for (const scope of scopeSpans) spans.push(...scope.spans);
    for (const { scopeMetrics } of body.resourceMetrics ?? [])
      for (const scope of scopeMetrics) for (const metric of scope.metrics) metrics.set(metric.name, metric);
    response.setHeader("content-type", "application/json").end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { spans, metrics, resources, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function aWorld() {
  const world = await town([String(feature["environment"])]);
  world.pubsub.createTopic(TOPIC);
  world.pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, ackDeadlineSeconds: 10 });
  const pipeline = await world.write("p.yaml", pipelineYaml({ decode: "{ type: json-decode }" }));
  const data = Buffer.from(JSON.stringify(feature));
  const publish = (attributes: Record<string, string> = {}) =>
    world.pubsub.publish(TOPIC, [{ data, attributes }]);
  const delivered = (n: number) =>
    vi.waitFor(() => expect(world.pubsub.subscription(SUBSCRIPTION)).toMatchObject({ acked: n }), soon);
  return { ...world, pipeline, publish, delivered };
}

it("sends one span a batch, linked to the publisher's, with the request as its child, and the metrics", async () => {
  const [world, collector] = [await aWorld(), await aCollector()];
  world.segment.inject({ action: { kind: "status", status: 503 }, count: 1 });
  world.publish({ googclient_traceparent: PARENT });
  const program = start(["run", world.pipeline, "--otlp", collector.url], {
    cwd: world.folder,
    env: { ...world.env, OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test" },
  });
  await world.delivered(1);
  program.child.kill("SIGTERM");
  expect(await program.exit).toBe(0);

  const instances = collector.resources.map((attributes) => attributes["service.instance.id"]);
  expect(new Set(instances).size).toBe(1);
  for (const resource of collector.resources)
    expect(resource).toMatchObject({
      "service.name": "sluice",
      "service.instance.id": expect.stringMatching(/^[0-9a-f-]{36}$/),
      "deployment.environment.name": "test",
    });

  const batches = collector.spans.filter(({ name }) => name === `process ${SUBSCRIPTION}`);
  expect(batches.map(({ status }) => status.code ?? 0)).toEqual([2, 0]);
  const [failed, done] = batches as [Span, Span];
  expect(attributesOf(failed.attributes)).toMatchObject({ "error.type": "http-503", "sluice.attempt": 1 });
  expect(attributesOf(done.attributes)).toMatchObject({
    "messaging.system": "gcp_pubsub",
    "messaging.operation.name": "process",
    "messaging.operation.type": "process",
    "messaging.destination.subscription.name": SUBSCRIPTION,
    "messaging.batch.message_count": 1,
    "sluice.pipeline": "under-test",
    "sluice.destination": "segment-production",
    "sluice.attempt": 2,
  });
  expect(done.links).toMatchObject([{ traceId: PARENT.split("-")[1], spanId: PARENT.split("-")[2] }]);
  expect(attributesOf(done.links![0]!.attributes)).toHaveProperty(["messaging.message.id"]);

  const requests = collector.spans.filter(({ kind }) => kind === 3);
  expect(requests.map(({ parentSpanId }) => parentSpanId)).toEqual([failed.spanId, done.spanId]);
  expect(attributesOf(requests[1]!.attributes)).toMatchObject({
    "http.request.method": "POST",
    "http.response.status_code": 200,
    "url.path": "/v1/batch",
    "server.address": "127.0.0.1",
  });

  expect(collector.metrics.get("sluice.sink_events_delivered_total")).toMatchObject({
    sum: { isMonotonic: true, dataPoints: [{ asDouble: 1 }] },
  });
  expect(collector.metrics.get("sluice.sink_request_duration_seconds")).toMatchObject({
    unit: "s",
    histogram: { dataPoints: [{ count: 2 }] },
  });
  expect(collector.metrics.get("http.client.request.duration")).toMatchObject({ unit: "s" });
  expect(collector.metrics.get("messaging.client.consumed.messages")).toMatchObject({
    sum: { dataPoints: [{ asDouble: 1 }] },
  });
  const process = collector.metrics.get("messaging.process.duration")!.histogram!.dataPoints;
  expect(process.reduce((sum, { count }) => sum + count, 0)).toBe(2);
  expect(JSON.stringify([collector.spans, [...collector.metrics]])).not.toContain("a-write-key-for-tests");
});

it("sends the same of a backfill", async () => {
  const [world, collector] = [await aWorld(), await aCollector()];
  await world.write("events.ndjson", `${JSON.stringify(feature)}\n`);
  const program = start(["backfill", world.pipeline, "--from", "events.ndjson", "--otlp", collector.url], {
    cwd: world.folder,
    env: world.env,
  });
  expect(await program.exit).toBe(0);
  const [batch] = collector.spans.filter(({ name }) => name.startsWith("process"));
  expect(attributesOf(batch!.attributes)).toMatchObject({
    "messaging.batch.message_count": 1,
    "sluice.pipeline": "under-test",
    "sluice.destination": "segment-production",
  });
  const [request] = collector.spans.filter(({ kind }) => kind === 3);
  expect(request).toMatchObject({ parentSpanId: batch!.spanId });
  expect(collector.metrics.get("sluice.sink_events_delivered_total")).toMatchObject({
    sum: { dataPoints: [{ asDouble: 1 }] },
  });
});

it("puts no trace into requests that leave, and goes on without a collector", async () => {
  const world = await aWorld();
  world.publish({ traceparent: PARENT });
  const program = start(["run", world.pipeline], {
    cwd: world.folder,
    env: { ...world.env, OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" },
  });
  await world.delivered(1);
  expect(Object.keys(world.segment.requests()[0]!.headers)).not.toContain("traceparent");
  program.child.kill("SIGTERM");
  expect(await program.exit).toBe(0);
});

it("loads nothing of the SDK when nobody asked for it", async () => {
  const world = await aWorld();
  const spy = join(world.folder, "spy.mjs");
  await writeFile(
    spy,
    `import { createRequire } from "node:module";
const { cache } = createRequire(import.meta.url);
process.on("exit", () => {
  const sdk = Object.keys(cache).filter((path) => /opentelemetry.(sdk|exporter|instrumentation)/.test(path));
  process.stdout.write("loaded " + sdk.length + " files of the SDK of " + Object.keys(cache).length);
});
`,
  );
  world.publish();
  const program = start(["run", world.pipeline], {
    cwd: world.folder,
    env: world.env,
    node: ["--import", spy],
  });
  await world.delivered(1);
  program.child.kill("SIGTERM");
  expect(await program.exit).toBe(0);
  expect(program.output.stdout).toMatch(/loaded 0 files of the SDK of \d{2,}/);
});
