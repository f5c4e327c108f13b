// Whoever connects to the console and reads slowly, writes slowly or not at all is no burden to the pipeline.

import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect, it, onTestFinished, vi } from "vitest";

import { exported } from "../support/fixtures.ts";
import { pipelineYaml, start, SUBSCRIPTION, TOPIC, town } from "../support/program.ts";

const PRELOAD = fileURLToPath(new URL("../support/loop-delay.mjs", import.meta.url));
const LORIS = 200;
const EVENTS = 3_000;
const feature = exported("feature");
const environment = String(feature["environment"]);
const soon = { timeout: 90_000, interval: 200 };

/** A request that never ends: one header a second. */
function loris(port: number): { readonly isClosed: () => boolean } {
  let closed = false;
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write("GET /api/v2/destinations HTTP/1.1\r\nHost: 127.0.0.1\r\n");
  const drip = setInterval(() => socket.writable && socket.write("X-More: 1\r\n"), 1_000);
  const end = () => {
    clearInterval(drip);
    socket.destroy();
  };
  // Without reading, the end of a connection is not seen.
  socket.resume();
  socket.on("close", () => {
    closed = true;
    clearInterval(drip);
  });
  onTestFinished(end);
  return { isClosed: () => closed };
}

/** A browser that asked for the live stream and reads nothing of it. */
function absentReader(port: number): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.pause();
  socket.write("GET /api/v2/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  onTestFinished(() => {
    socket.destroy();
  });
  return socket;
}

it("200 slow-loris sockets and absent readers: sockets are closed by their deadline, events keep flowing", async () => {
  const world = await town([environment]);
  world.pubsub.createTopic(TOPIC);
  world.pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, ackDeadlineSeconds: 30 });
  const pipeline = await world.write("p.yaml", pipelineYaml({ decode: "{ type: json-decode }" }));
  const gauge = join(world.folder, "loop-delay.json");
  const program = start(["run", pipeline, "--console", "127.0.0.1:0"], {
    cwd: world.folder,
    env: { ...world.env, LOOP_DELAY: gauge },
    node: ["--import", PRELOAD],
  });
  await program.says('"running"');
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(program.output.stderr)?.[0] ?? "";
  const port = Number(new URL(url).port);

  const absent = Array.from({ length: 4 }, () => absentReader(port));
  const sockets = Array.from({ length: LORIS }, () => loris(port));
  await world.write("loop-delay.json.start", "");
  let published = 0;
  const publish = setInterval(() => {
    const messages = Array.from({ length: Math.min(15, EVENTS - published) }, () => ({
      data: Buffer.from(
        JSON.stringify({
          ...feature,
          event: { ...(feature["event"] as object), id: `event-${published++}` },
        }),
      ),
    }));
    if (messages.length > 0) world.pubsub.publish(TOPIC, messages);
  }, 50);
  onTestFinished(() => clearInterval(publish));

  await vi.waitFor(() => expect(sockets.filter(({ isClosed }) => !isClosed()).length).toBe(0), soon);
  await vi.waitFor(() => expect(world.segment.stats().accepted).toBe(EVENTS), soon);
  // Whoever behaves is served again.
  expect((await fetch(`${url}/api/v2/destinations`)).status).toBe(200);
  const measured = JSON.parse(await readFile(gauge, "utf8")) as { p99Ms: number; maxMs: number };
  process.stdout.write(
    `event loop with ${LORIS} slow-loris sockets: p99 ${measured.p99Ms.toFixed(1)} ms, max ${measured.maxMs.toFixed(1)} ms\n`,
  );
  for (const socket of absent) socket.destroy();
  program.child.kill("SIGTERM");
  expect(await program.exit).toBe(0);
});
