import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, it } from "vitest";

import { pipelineYaml, start, SUBSCRIPTION, TOPIC, town } from "../support/program.ts";

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

it("refuses to guess where to record from", async () => {
  const world = await town([ENVIRONMENT]);
  const pipeline = await world.write("pipeline.yaml", pipelineYaml());
  const recording = start(["record", pipeline], { cwd: world.folder, env: world.env });
  expect(await recording.exit).toBe(2);
  expect(recording.output.stderr).toContain(
    "--from-subscription. The latter acks nothing, but every message counts",
  );
});
