import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, it, vi } from "vitest";

import { pipelineYaml, start, SUBSCRIPTION, TOPIC, town } from "../support/program.ts";
import { aWatchedProgram, soon } from "../support/watched-program.ts";

const ENVIRONMENT = "5d4b12345d2a2806bd2cc6eb";

it("records from a subscription without taking a message away from it", async () => {
  const world = await town([ENVIRONMENT]);
  const pipeline = await world.write("pipeline.yaml", pipelineYaml());
  world.pubsub.createTopic({ name: TOPIC });
  world.pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, ackDeadlineSeconds: 10 });
  const event = (id: number) => ({
    project: "web",
    environment: ENVIRONMENT,
    event: {
      kind: "click",
      id: `e${id}`,
      key: "signup",
      creationDate: 1,
      contextKeys: { user: "ann@example.com" },
    },
  });
  world.pubsub.publish(
    TOPIC,
    [1, 2, 3].map((id) => ({ data: Buffer.from(JSON.stringify(event(id))) })),
  );
  const args = ["record", pipeline, "--from-subscription", "--n", "3", "--wait-seconds", "20"];
  const recording = start(args, { cwd: world.folder, env: world.env });
  expect(await recording.exit, recording.output.stderr).toBe(0);
  expect(recording.output.stdout).toContain("pipeline.recorded.test.yaml: 3 events; it passes");
  expect(await readFile(join(world.folder, "pipeline.recorded.test.yaml"), "utf8")).not.toContain("ann@");
  expect(world.pubsub.subscription(SUBSCRIPTION)).toMatchObject({ acked: 0 });

  // Whoever reads the subscription gets all of them still.
  const program = start(["run", pipeline], { cwd: world.folder, env: world.env });
  await world.segment.waitForEvents(3, 20_000);
  program.child.kill("SIGTERM");
  expect(await program.exit, program.output.stderr).toBe(0);
  expect(world.pubsub.subscription(SUBSCRIPTION)).toMatchObject({ acked: 3, outstanding: 0 });
});

it("records what comes by in the running process, and asks nothing of the subscription", async () => {
  const { cli, folder, pipeline, publish, pubsub, segment } = await aWatchedProgram({ redact: true });
  const recording = cli("record", pipeline, "--n", "3", "--wait-seconds", "50");
  let ended = false;
  void recording.then(() => {
    ended = true;
  });
  let published = 0;
  await vi.waitFor(() => {
    if (!ended) publish({ id: `e${published++}`, contextKeys: { user: "ann@example.com" } });
    expect(ended).toBe(true);
  }, soon);
  const { status, stdout, stderr } = await recording;
  expect(status, stderr).toBe(0);
  expect(stdout).toContain("p.recorded.test.yaml: 3 events; it passes");
  const text = await readFile(join(folder, "p.recorded.test.yaml"), "utf8");
  expect(text).not.toContain("ann@");
  expect(new Set(text.match(/\bid: e\d+/g)).size).toBe(3);
  expect((await cli("test", join(folder, "p.recorded.test.yaml"))).stdout).toContain("1 passed, 0 failed");

  // The program did not notice: everything was delivered once, and nothing was asked for again.
  await vi.waitFor(() => expect(segment.stats().accepted).toBe(published), soon);
  expect(segment.stats().duplicates).toBe(0);
  await vi.waitFor(() => expect(pubsub.subscription(SUBSCRIPTION)).toMatchObject({ acked: published }), soon);
});

it("says so when no event comes by, and writes nothing", async () => {
  const { cli, folder, pipeline } = await aWatchedProgram();
  const { status, stderr } = await cli("record", pipeline, "--wait-seconds", "1");
  expect(status).toBe(1);
  expect(stderr).toContain("no event left json-decode within 1 s (0 came by)");
  await expect(readFile(join(folder, "p.recorded.test.yaml"))).rejects.toThrow("ENOENT");
});

it("refuses to guess where to record from", async () => {
  const world = await town([ENVIRONMENT]);
  const pipeline = await world.write("pipeline.yaml", pipelineYaml());
  const recording = start(["record", pipeline], { cwd: world.folder, env: world.env });
  expect(await recording.exit).toBe(2);
  expect(recording.output.stderr).toContain("There is no running process of");
  expect(recording.output.stderr).toContain(
    "--from-subscription. The latter acks nothing, but every message counts",
  );
});
