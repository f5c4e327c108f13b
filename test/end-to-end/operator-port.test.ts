// Metrics and health of the real program, as a scheduler and Prometheus see them.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it, vi } from "vitest";

import { exported } from "../support/fixtures.ts";
import { pipelineYaml, start, SUBSCRIPTION, TOPIC, town } from "../support/program.ts";

const feature = exported("feature");
const environment = String(feature["environment"]);
const soon = { timeout: 20_000, interval: 50 };

async function aWorld() {
  const world = await town([environment]);
  const pipeline = await world.write("p.yaml", pipelineYaml({ decode: "{ type: json-decode }" }));
  const subscribe = () => {
    world.pubsub.createTopic(TOPIC);
    world.pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, ackDeadlineSeconds: 10 });
  };
  const publish = (id: string) =>
    world.pubsub.publish(TOPIC, [
      { data: Buffer.from(JSON.stringify({ ...feature, event: { ...(feature["event"] as object), id } })) },
    ]);
  const run = async (...more: readonly string[]) => {
    const program = start(["run", pipeline, "--metrics", "127.0.0.1:0", ...more], {
      cwd: world.folder,
      env: world.env,
    });
    await program.says("metrics and health are served");
    return { ...program, port: portOf(program.output.stderr) };
  };
  return { ...world, pipeline, subscribe, publish, run };
}

function portOf(stderr: string) {
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(stderr)![0];
  const ask = async (path: string) => {
    const response = await fetch(url + path);
    return { status: response.status, text: await response.text() };
  };
  const statuses = async () =>
    Promise.all(["/startupz", "/livez", "/readyz"].map(async (path) => (await ask(path)).status));
  return { url, ask, statuses };
}

const sumOf = (page: string, name: string): number | undefined => {
  const values = page.split("\n").filter((line) => new RegExp(`^${name}(\\{|\\s)`).test(line));
  return values.length === 0
    ? undefined
    : values.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
};

describe("the operator's port", () => {
  it("is not ready before the stream is open, then ready, then draining; alive all the time", async () => {
    const world = await aWorld();
    const { port, child, exit } = await world.run();
    await vi.waitFor(async () => expect(await port.statuses()).toEqual([200, 200, 503]), soon);
    expect((await port.ask("/readyz")).text).toContain("the source is not open");
    world.subscribe();
    world.publish("first");
    await vi.waitFor(async () => expect(await port.statuses()).toEqual([200, 200, 200]), soon);

    await vi.waitFor(async () => {
      const { text } = await port.ask("/metrics");
      expect(sumOf(text, "sluice_source_acks_total")).toBe(1);
      expect(sumOf(text, "sluice_sink_events_delivered_total")).toBe(1);
      expect(sumOf(text, "sluice_event_lag_seconds_count")).toBe(1);
      expect(sumOf(text, "sluice_sink_request_duration_seconds_count")).toBe(1);
      expect(sumOf(text, "sluice_records_in_flight")).toBe(0);
      expect(sumOf(text, "sluice_source_open")).toBe(1);
      expect(sumOf(text, "nodejs_eventloop_lag_p99_seconds")).toBeGreaterThan(0);
    }, soon);

    world.segment.inject({ action: { kind: "never" } });
    world.publish("held");
    await vi.waitFor(
      async () => expect(sumOf((await port.ask("/metrics")).text, "sluice_records_in_flight")).toBe(1),
      soon,
    );
    child.kill("SIGTERM");
    await vi.waitFor(async () => {
      expect(await port.statuses()).toEqual([200, 200, 503]);
      expect((await port.ask("/readyz")).text).toContain("draining");
    }, soon);
    expect(await exit).toBe(3);
  });

  it("is ready but degraded while a destination refuses everything: nobody restarts it for that", async () => {
    const world = await aWorld();
    world.subscribe();
    world.segment.inject({ action: { kind: "status", status: 401 } });
    world.publish("refused");
    const { port } = await world.run();
    await vi.waitFor(async () => {
      const { status, text } = await port.ask("/readyz");
      expect([status, JSON.parse(text).status]).toEqual([200, "degraded"]);
      expect(text).toContain("destination segment-production is parked");
    }, soon);
    expect((await port.ask("/livez")).status).toBe(200);
    expect(sumOf((await port.ask("/metrics")).text, "sluice_sink_lane_state")).toBe(3);
  });

  it("does not answer while the process stands still, and says yes again when it goes on", async () => {
    const world = await aWorld();
    world.subscribe();
    const { port, child } = await world.run();
    await vi.waitFor(async () => expect((await port.ask("/livez")).status).toBe(200), soon);
    child.kill("SIGSTOP");
    await expect(fetch(`${port.url}/livez`, { signal: AbortSignal.timeout(1_000) })).rejects.toThrow(
      "timeout",
    );
    child.kill("SIGCONT");
    await vi.waitFor(async () => expect((await port.ask("/livez")).status).toBe(200), soon);
  });

  it("is not alive when records are in hand and the pipeline does not take them up", async () => {
    const world = await aWorld();
    world.subscribe();
    // The chunk that waits is never worked on: what a lost wake-up in the engine would look like.
    const fault = join(world.folder, "lost-wake-up.mjs");
    await writeFile(
      fault,
      `const queue = globalThis.queueMicrotask;
globalThis.queueMicrotask = (fn) => {
  if (!/engine.(pipeline|fused-records)\\.[jt]s/.test(new Error().stack)) queue(fn);
};
`,
    );
    const program = start(["run", world.pipeline, "--metrics", "127.0.0.1:0", "--stuck-seconds", "2"], {
      cwd: world.folder,
      env: world.env,
      // The stack names modules then, and not what they are bundled in.
      node: ["--enable-source-maps", "--import", fault],
    });
    await program.says("metrics and health are served");
    const port = portOf(program.output.stderr);
    await vi.waitFor(async () => expect((await port.ask("/startupz")).status).toBe(200), soon);
    expect((await port.ask("/livez")).status).toBe(200);
    world.publish("never-taken-up");
    await vi.waitFor(async () => {
      const { status, text } = await port.ask("/livez");
      expect(status).toBe(503);
      expect(text).toContain("records are in hand and nothing moved for");
    }, soon);
  });

  it("comes with a backfill too", async () => {
    const world = await aWorld();
    await world.write("events.ndjson", `${JSON.stringify(feature)}\n`.repeat(3));
    world.segment.inject({ action: { kind: "never" } });
    const program = start(
      ["backfill", world.pipeline, "--from", "events.ndjson", "--metrics", "127.0.0.1:0"],
      { cwd: world.folder, env: world.env },
    );
    await program.says("metrics and health are served");
    const { ask } = portOf(program.output.stderr);
    await vi.waitFor(async () => {
      const { text } = await ask("/metrics");
      expect(sumOf(text, "sluice_backfill_files_total")).toBe(1);
      expect(sumOf(text, "sluice_values_total")).toBe(3);
    }, soon);
    expect((await ask("/startupz")).status).toBe(200);
    expect((await ask("/livez")).status).toBe(200);
    // All is read, nothing is delivered yet: it does what it is there for, until it is told to stop.
    expect(sumOf((await ask("/metrics")).text, "sluice_run_state")).toBe(1);
    expect((await ask("/readyz")).status).toBe(200);
    program.child.kill("SIGTERM");
    await vi.waitFor(async () => expect((await ask("/readyz")).text).toContain("draining"), soon);
    expect((await ask("/readyz")).status).toBe(503);
  });

  it("refuses what is no address, and says which", async () => {
    const world = await aWorld();
    for (const address of ["a:b:c", "127.0.0.1:70000"]) {
      const program = start(["run", world.pipeline, "--metrics", address], {
        cwd: world.folder,
        env: world.env,
      });
      expect(await program.exit).toBe(2);
      expect(program.output.stderr).toContain("--metrics takes");
    }
  });

  it.each([
    ["--otlp", "nowhere"],
    ["--replicas", "0"],
  ])("keeps nothing open when a backfill refuses another option: %s %s", async (option, value) => {
    const world = await aWorld();
    await world.write("events.ndjson", `${JSON.stringify(feature)}\n`);
    const args = ["--from", "events.ndjson", "--metrics", "127.0.0.1:0", option, value];
    const program = start(["backfill", world.pipeline, ...args], { cwd: world.folder, env: world.env });
    expect(await program.exit).toBe(2);
    expect(program.output.stderr).toContain(`${option} takes`);
  });
});
