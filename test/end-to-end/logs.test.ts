// What the real program logs: enough to find one event and one request by, and nothing of what is in them.

import { spawn } from "node:child_process";
import { copyFile, open, readFile, truncate } from "node:fs/promises";
import { join } from "node:path";

import { expect, it, onTestFinished, vi } from "vitest";

import { exported } from "../support/fixtures.ts";
import { pipelineYaml, start, SUBSCRIPTION, TOPIC, town } from "../support/program.ts";

const feature = exported("feature");
const soon = { timeout: 30_000, interval: 50 };
const CANARY = "canary-of-the-payload";

it("logs JSON with ids and codes, and no payload above debug, whatever goes wrong", async () => {
  const world = await town([String(feature["environment"])]);
  world.pubsub.createTopic(TOPIC);
  world.pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, ackDeadlineSeconds: 10 });
  const pipeline = await world.write("p.yaml", pipelineYaml({ decode: "{ type: json-decode }" }));
  const event = (id: string, more: object = {}) =>
    JSON.stringify({
      ...feature,
      event: { ...(feature["event"] as object), id, reason: { kind: CANARY }, ...more },
    });
  for (const status of [429, 500, 400])
    world.segment.inject({ action: { kind: "status", status, body: `refused: ${CANARY}` }, count: 1 });
  const texts = [
    event("one"),
    `{"cut": "${CANARY}`,
    event("two", { key: CANARY, kind: "unknown" }),
    CANARY.repeat(999),
  ];
  world.pubsub.publish(
    TOPIC,
    texts.map((text) => ({ data: Buffer.from(text), attributes: { note: CANARY } })),
  );
  const program = start(["run", pipeline], { cwd: world.folder, env: world.env });
  await vi.waitFor(() => expect(world.pubsub.subscription(SUBSCRIPTION)).toMatchObject({ acked: 4 }), soon);
  program.child.kill("SIGTERM");
  expect(await program.exit).toBe(0);

  const text = program.output.stderr.trim();
  const lines: Record<string, unknown>[] = text.split("\n").map((line) => JSON.parse(line));
  for (const line of lines) {
    expect(line).toMatchObject({
      level: expect.any(String),
      time: expect.any(String),
      msg: expect.any(String),
    });
    expect(JSON.stringify(line).length).toBeLessThan(5_000);
  }
  expect(text).not.toContain(CANARY);
  expect(text).not.toContain(String((feature["event"] as { key: string }).key));
  expect(text).not.toContain("a-write-key-for-tests");
  const ofLane = lines.filter((line) => line["destination"] !== undefined);
  for (const line of ofLane) expect(line).toMatchObject({ code: expect.any(String) });
  const failures = lines.filter(({ msg }) => String(msg).startsWith("a write failed"));
  expect(failures.map(({ status }) => status)).toEqual([429, 500, 400]);
  for (const line of failures) {
    expect(line).toMatchObject({
      requestId: expect.stringMatching(/^local-\d+$/),
      destination: "segment-production",
    });
    expect(line["eventIds"]).toEqual([expect.stringMatching(/^\d+$/)]);
  }
  // What was looked for is there to be found: the destination's answer goes where the event goes.
  expect(await readFile(join(world.folder, "dead-letters.ndjson"), "utf8")).toContain(
    `it said: refused: ${CANARY}`,
  );
});

it("goes on at the start of a log file that was copied and truncated, and leaves no hole in it", async () => {
  const world = await town([String(feature["environment"])]);
  world.pubsub.createTopic(TOPIC);
  world.pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, ackDeadlineSeconds: 10 });
  const pipeline = await world.write("p.yaml", pipelineYaml({ decode: "{ type: json-decode }" }));
  const log = join(world.folder, "sluice.log");
  // As systemd's StandardError=append: hands it over.
  const file = await open(log, "a");
  const child = spawn(
    process.execPath,
    ["dist/main.js", "run", pipeline, "--state", join(world.folder, "s")],
    {
      env: { ...process.env, METADATA_SERVER_DETECTION: "none", ...world.env },
      stdio: ["ignore", "ignore", file.fd],
    },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));
  await file.close();
  world.pubsub.publish(TOPIC, [{ data: Buffer.from("no event") }]);
  const acked = (count: number) => () =>
    expect(world.pubsub.subscription(SUBSCRIPTION)).toMatchObject({ acked: count });
  await vi.waitFor(acked(1), soon);
  await copyFile(log, `${log}.1`);
  await truncate(log);
  world.pubsub.publish(TOPIC, [{ data: Buffer.from(JSON.stringify(feature)) }]);
  await vi.waitFor(acked(2), soon);
  child.kill("SIGTERM");
  expect(await exit).toBe(0);
  const after = await readFile(log, "utf8");
  expect(after).not.toContain("\0");
  const lines = after.trim().split("\n");
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ msg: expect.any(String) });
  expect((await readFile(`${log}.1`, "utf8")).trim().split("\n").length).toBeGreaterThan(0);
});
