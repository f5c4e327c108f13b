// What a new user meets when something is wrong: each must say what, where and what to do.

import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { writeContainer } from "../../src/avro/container-writer.ts";
import { encodeAvro, exportEventSchema } from "../../src/emulators/avro-events.ts";
import { exported } from "../support/fixtures.ts";
import { pipelineYaml, start, SUBSCRIPTION, TOPIC, town } from "../support/program.ts";

const feature = exported("feature");
const environment = String(feature["environment"]);

describe("a wrong command line", () => {
  it("names the command that was meant, with exit code 2", async () => {
    const program = start(["backfil", "x.yaml"]);
    expect(await program.exit).toBe(2);
    expect(program.output.stderr).toContain("Did you mean backfill?");
  });

  it("says what --to and --limit take", async () => {
    const world = await town([environment]);
    const pipeline = await world.write("p.yaml", pipelineYaml());
    const to = start(["backfill", pipeline, "--from", "x", "--to", "s3://bucket"], { env: world.env });
    expect(await to.exit).toBe(2);
    expect(to.output.stderr).toContain("--to takes file:<path> or stdout");
    const limit = start(["backfill", pipeline, "--from", "x", "--limit", "0"], { env: world.env });
    expect(await limit.exit).toBe(2);
    const since = start(["backfill", pipeline, "--from", "x", "--since", "yesterday"], { env: world.env });
    expect(await since.exit).toBe(2);
    expect(since.output.stderr).toContain("--since is not a time");
  });
});

describe("a pipeline with five mistakes", () => {
  const broken = `name: Broken_Name
source:
  type: pubsub
  subscripton: ${SUBSCRIPTION}
transforms:
  - type: filter-enabld
  - type: segment-event
sink:
  type: segment
  timeoutMs: soon
deadLetters: { type: file, path: "\${NOT_SET_ANYWHERE}" }
`;

  it("is refused with all five at once, each with its place, and nothing is started", async () => {
    const world = await town([environment]);
    const pipeline = await world.write("broken.yaml", broken);
    for (const args of [
      ["validate", pipeline],
      ["run", pipeline],
    ]) {
      const program = start(args, { cwd: world.folder, env: world.env });
      expect(await program.exit).toBe(2);
      const text = program.output.stdout + program.output.stderr;
      for (const [line, part] of [
        [1, "name"],
        [4, "subscripton"],
        [6, "filter-enabld"],
        [10, "timeoutMs"],
        [11, "NOT_SET_ANYWHERE"],
      ]) {
        expect(text).toMatch(new RegExp(`broken\\.yaml:${line}:\\d+ [a-z-]+ .*${part}`));
      }
      expect(text).toContain("did you mean subscription?");
      expect(text).toContain("did you mean filter-enabled?");
    }
  });

  it("is told as JSON to programs", async () => {
    const world = await town([environment]);
    const pipeline = await world.write("broken.yaml", broken);
    const program = start(["validate", "--format", "json", pipeline], { env: world.env });
    expect(await program.exit).toBe(2);
    const { problems } = JSON.parse(program.output.stdout);
    expect(problems.length).toBeGreaterThanOrEqual(5);
    expect(problems[0]).toMatchObject({ line: 1, col: 7 });
  });
});

describe("a folder of definitions", () => {
  it("is validated as a whole: each file named with what is wrong, destinations and tests beside them included", async () => {
    const world = await town([environment]);
    await world.write("good.yaml", pipelineYaml());
    await world.write("bad.yaml", pipelineYaml().replace("filter-enabled", "filter-enabld"));
    await world.write("notes.txt", "no: [yaml");
    const validate = async (...args: string[]) => {
      const program = start(["validate", ...args], { cwd: world.folder, env: world.env });
      return { code: await program.exit, text: program.output.stdout + program.output.stderr };
    };
    const all = await validate(".");
    expect(all.code).toBe(2);
    expect(all.text).toMatch(/bad\.yaml:\d+:\d+ .*filter-enabld/);
    expect(all.text).not.toMatch(/good\.yaml:\d+:\d+|notes\.txt/);
    await world.write("enablement.yaml", "environments: 7\n");
    expect((await validate(".")).text).toMatch(/enablement\.yaml:1:\d+ /);
    const none = await validate("*.yml");
    expect(none).toMatchObject({ code: 2, text: expect.stringContaining("there is no YAML file in *.yml") });
  });
});

describe("a truncated Avro file", () => {
  const data = Array.from({ length: 500 }, () => encodeAvro(feature));
  const whole = writeContainer(exportEventSchema(), data, { codec: "null", blockBytes: 4096 });

  it("fails the backfill with the byte offset, after what came before it was delivered", async () => {
    const world = await town([environment]);
    const pipeline = await world.write("p.yaml", pipelineYaml());
    const file = await world.write("cut.avro", whole.subarray(0, whole.length - 100));
    const program = start(["backfill", pipeline, "--from", file, "--to", "file:out.ndjson"], {
      cwd: world.folder,
      env: world.env,
    });
    expect(await program.exit).toBe(1);
    expect(program.output.stderr).toMatch(/avro-container-truncated/);
    expect(program.output.stderr).toMatch(/cut\.avro.*byte \d+/);
    expect(program.output.stderr).not.toMatch(/\n\s+at /);
    const lines = (await readFile(join(world.folder, "out.ndjson"), "utf8")).trim().split("\n");
    // The same event 500 times is one event to Segment.
    expect(lines).toHaveLength(1);
  });
});

describe("a wrong write key", () => {
  it("parks the destination, dead-letters nothing, and delivers once it is mended", async () => {
    const world = await town([environment]);
    const mend = world.segment.inject({ action: { kind: "status", status: 401 } });
    world.pubsub.createTopic(TOPIC);
    world.pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, ackDeadlineSeconds: 10 });
    world.pubsub.publish(TOPIC, [{ data: Buffer.from(JSON.stringify(feature)) }]);
    const pipeline = await world.write("p.yaml", pipelineYaml());
    const program = start(["run", pipeline], { cwd: world.folder, env: world.env });
    await program.says("destination refuses everything");
    expect(program.output.stderr).toContain("http-401");
    expect(world.pubsub.subscription(SUBSCRIPTION)).toMatchObject({ acked: 0 });
    mend();
    await world.segment.waitForEvents(1, 20_000);
    program.child.kill("SIGTERM");
    expect(await program.exit).toBe(0);
    expect(world.pubsub.subscription(SUBSCRIPTION)).toMatchObject({ acked: 1, outstanding: 0 });
    expect(program.output.stderr + program.output.stdout).not.toContain(world.env["SEGMENT_WRITE_KEY"]);
  });
});

describe("stopping", () => {
  it("gives back what cannot be delivered in time, with exit code 3", async () => {
    const world = await town([environment]);
    world.segment.inject({ action: { kind: "status", status: 503 } });
    world.pubsub.createTopic(TOPIC);
    world.pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, ackDeadlineSeconds: 10 });
    world.pubsub.publish(TOPIC, [{ data: Buffer.from(JSON.stringify(feature)) }]);
    const program = start(["run", await world.write("p.yaml", pipelineYaml({ drainMs: 500 }))], {
      cwd: world.folder,
      env: world.env,
    });
    await program.says("destination is unavailable");
    program.child.kill("SIGINT");
    expect(await program.exit).toBe(3);
    expect(world.pubsub.subscription(SUBSCRIPTION)).toMatchObject({ acked: 0, outstanding: 0 });
  });

  it("exits at once on the second Ctrl-C", async () => {
    const world = await town([environment]);
    world.segment.inject({ action: { kind: "never" } });
    world.pubsub.createTopic(TOPIC);
    world.pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, ackDeadlineSeconds: 10 });
    world.pubsub.publish(TOPIC, [{ data: Buffer.from(JSON.stringify(feature)) }]);
    const program = start(["run", await world.write("p.yaml", pipelineYaml({ drainMs: 9_000 }))], {
      cwd: world.folder,
      env: world.env,
    });
    await expect.poll(() => world.segment.stats().requests, { timeout: 30_000 }).toBe(1);
    program.child.kill("SIGINT");
    await program.says("draining");
    program.child.kill("SIGINT");
    expect(await program.exit).toBe(3);
    expect(program.output.stderr).toContain("second SIGINT");
  });

  it("ends the other pipelines, in order, when one of several cannot start", async () => {
    const world = await town([environment]);
    world.pubsub.createTopic(TOPIC);
    world.pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, ackDeadlineSeconds: 10 });
    const good = await world.write("good.yaml", pipelineYaml());
    const text = pipelineYaml()
      .replace("name: under-test", "name: other")
      .replace("dead-letters.ndjson", "good.yaml/x");
    const bad = await world.write("bad.yaml", text);
    const program = start(["run", good, bad], { cwd: world.folder, env: world.env });
    expect(await program.exit).toBe(1);
    expect(program.output.stderr).toContain("cannot-open");
  });
});
