// The real program takes up changed definitions while it runs: right ones, wrong ones, and none.

import { rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it, vi } from "vitest";

import { exported } from "../support/fixtures.ts";
import { pipelineYaml, type Program, start, SUBSCRIPTION, TOPIC, town } from "../support/program.ts";

const feature = exported("feature");
const environment = String(feature["environment"]);
const soon = { timeout: 20_000, interval: 50 };
const plain = pipelineYaml({ decode: "{ type: json-decode }" });
const filtered = plain.replace(
  "  - { type: segment-event }",
  `  - { type: filter, keep: 'event.id != "unwanted"' }\n  - { type: segment-event }`,
);

interface ShownPipeline {
  readonly state: string;
  readonly received: number;
  readonly dropped: readonly { readonly reason: string; readonly count: number }[];
  readonly lastReload?: { readonly outcome: string; readonly problems: readonly string[] };
}

async function aWorld(definition = plain) {
  const world = await town([environment]);
  await world.write("p.yaml", definition);
  world.pubsub.createTopic(TOPIC);
  world.pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, ackDeadlineSeconds: 10 });
  const args = ["run", "p.yaml", "--metrics", "127.0.0.1:0", "--console", "127.0.0.1:0"];
  const program = start(args, { cwd: world.folder, env: world.env });
  await program.says('"msg":"running"');
  const urlOf = (what: string) =>
    new RegExp(`"url":"(http://127\\.0\\.0\\.1:\\d+)[^"]*"[^}]*"msg":"${what}`).exec(
      program.output.stderr,
    )![1]!;
  const metrics = urlOf("metrics and health are served");
  const console = urlOf("console is listening");
  return {
    ...world,
    program,
    publish: (id: string) =>
      world.pubsub.publish(TOPIC, [
        { data: Buffer.from(JSON.stringify({ ...feature, event: { ...(feature["event"] as object), id } })) },
      ]),
    /** As an editor saves: another file takes the name. */
    async save(text: string) {
      await world.write("p.yaml.new", text);
      await rename(join(world.folder, "p.yaml.new"), join(world.folder, "p.yaml"));
    },
    async shown() {
      const response = await fetch(`${console}/api/v2/pipelines`);
      return ((await response.json()) as { items: ShownPipeline[] }).items[0]!;
    },
    /** Of a metric without further labels. */
    metric: async (name: string) => {
      const page = await (await fetch(`${metrics}/metrics`)).text();
      return Number(new RegExp(`^${name}{[^}]*} (.*)$`, "m").exec(page)?.[1]);
    },
    reloads: async (outcome: string) => {
      const page = await (await fetch(`${metrics}/metrics`)).text();
      const line = page.split("\n").find((one) => one.includes(`reloads_total{`) && one.includes(outcome));
      return Number(line?.split(" ").at(-1) ?? 0);
    },
    acked: () => world.pubsub.subscription(SUBSCRIPTION).acked,
  };
}

async function ends({ child, exit, output }: Program): Promise<void> {
  child.kill("SIGTERM");
  expect(await exit, output.stderr).toBe(0);
}

describe("a definition that changes while it runs", () => {
  it("takes effect when its file is saved, and nothing is counted anew", async () => {
    const world = await aWorld();
    world.publish("unwanted");
    await vi.waitFor(() => expect(world.acked()).toBe(1), soon);
    expect(world.segment.stats().accepted).toBe(1);

    await world.save(filtered);
    await world.program.says("the changed definition takes in");
    await world.program.says("the definition before the reload has drained");
    world.publish("unwanted");
    world.publish("wanted");
    await vi.waitFor(() => expect(world.acked()).toBe(3), soon);
    expect(world.segment.stats().accepted).toBe(2);
    await expect.poll(world.shown, soon).toMatchObject({
      received: 3,
      dropped: [{ reason: "filtered", count: 1 }],
      lastReload: { outcome: "applied", problems: [] },
    });
    expect(await world.reloads("applied")).toBe(1);
    expect(world.pubsub.subscription(SUBSCRIPTION).nacked).toBe(0);
    await ends(world.program);
  });

  it("changes nothing when it is invalid, and that is said in the log, the metrics and the console", async () => {
    const world = await aWorld(filtered);
    await world.save(filtered.replace("type: filter,", "type: filtre,"));
    await world.program.says("the changed definition is invalid");
    expect(world.program.output.stderr).toMatch(/p\.yaml:\d+:\d+ unknown-stage/);
    expect(await world.reloads("invalid")).toBe(1);
    expect(await world.metric("sluice_pipeline_change_refused")).toBe(1);
    const problems = [expect.stringMatching(/^p\.yaml:\d+:\d+ unknown-stage /)];
    await expect.poll(world.shown, soon).toMatchObject({ lastReload: { outcome: "invalid", problems } });

    world.publish("unwanted");
    world.publish("wanted");
    await vi.waitFor(() => expect(world.acked()).toBe(2), soon);
    await expect.poll(world.shown, soon).toMatchObject({ dropped: [{ reason: "filtered", count: 1 }] });
    expect(world.segment.stats().accepted).toBe(1);

    await world.save(filtered);
    await world.program.says("the changed definition takes in");
    expect(await world.metric("sluice_pipeline_change_refused")).toBe(0);
    await ends(world.program);
  });

  it("is refused when it has another name, or another form of a file that is being written", async () => {
    const toFile = pipelineYaml({
      decode: "{ type: json-decode }",
      sink: "{ type: file, path: out.ndjson }",
    });
    const world = await aWorld(toFile);
    await world.save(toFile.replace("name: under-test", "name: renamed"));
    await world.program.says("a running pipeline cannot be renamed");
    await world.save(toFile.replace("path: out.ndjson", "path: out.ndjson, durable: true"));
    await vi.waitFor(async () => expect(await world.reloads("failed")).toBe(2), soon);
    const problems = [expect.stringMatching(/^reload-needs-restart the settings of .*out\.ndjson changed/)];
    await expect.poll(world.shown, soon).toMatchObject({ lastReload: { outcome: "failed", problems } });
    world.publish("goes on");
    await vi.waitFor(() => expect(world.acked()).toBe(1), soon);
    await ends(world.program);
  });

  it("is not reloaded by SIGHUP when nothing changed, however often; what stands beside it counts", async () => {
    const world = await aWorld();
    for (let i = 0; i < 100; i++) world.program.child.kill("SIGHUP");
    world.publish("first");
    await vi.waitFor(() => expect(world.acked()).toBe(1), soon);
    expect(await world.reloads("applied")).toBe(0);
    expect((await world.shown()).lastReload).toBeUndefined();

    await world.write("enablement.yaml", "environments: []\n");
    world.program.child.kill("SIGHUP");
    await world.program.says("the changed definition takes in");
    world.publish("second");
    await vi.waitFor(() => expect(world.acked()).toBe(2), soon);
    expect(world.segment.stats().accepted).toBe(1);
    await ends(world.program);
  });

  it("gets what the one before could not deliver in time; Pub/Sub is asked for nothing again", async () => {
    const slow = plain.replace("drainMs: 5000", "drainMs: 300");
    const world = await aWorld(slow);
    world.segment.inject({ action: { kind: "status", status: 503 } });
    for (const id of ["one", "two", "three"]) world.publish(id);
    await vi.waitFor(() => expect(world.segment.stats().faultsPlayed).toBeGreaterThan(0), soon);
    await world.save(filtered.replace("drainMs: 5000", "drainMs: 300"));
    await world.program.says("the definition before the reload has drained");
    world.segment.clearFaults();
    await vi.waitFor(() => expect(world.acked()).toBe(3), soon);
    expect(world.pubsub.subscription(SUBSCRIPTION).nacked).toBe(0);
    expect(world.segment.stats().accepted).toBe(3);
    await expect.poll(world.shown, soon).toMatchObject({ received: 3 });
    await ends(world.program);
  });
});

describe("a folder of definitions", () => {
  const named = (name: string) =>
    plain
      .replace("name: under-test", `name: ${name}`)
      .replace(SUBSCRIPTION, `projects/test-project/subscriptions/${name}`)
      .replace("path: dead-letters.ndjson", `path: dead-letters-${name}.ndjson`);

  async function aFolder(argument: string) {
    const world = await town([environment]);
    world.pubsub.createTopic(TOPIC);
    for (const name of ["first", "second"])
      world.pubsub.createSubscription({ name: `projects/test-project/subscriptions/${name}`, topic: TOPIC });
    await world.write("first.yaml", named("first"));
    const args = ["run", argument, "--metrics", "127.0.0.1:0"];
    const program = start(args, { cwd: world.folder, env: world.env });
    await program.says('"msg":"running"');
    const metrics = /"url":"(http:[^"]+)"[^}]*"msg":"metrics/.exec(program.output.stderr)![1]!;
    const publish = () => world.pubsub.publish(TOPIC, [{ data: Buffer.from(JSON.stringify(feature)) }]);
    const acked = (name: string) =>
      world.pubsub.subscription(`projects/test-project/subscriptions/${name}`).acked;
    /** How many pipelines there are to watch. */
    const shown = async () => {
      const page = await (await fetch(`${new URL("/metrics", metrics)}`)).text();
      return [...page.matchAll(/^sluice_run_state\{pipeline="([^"]+)"\}/gm)].map(([, name]) => name);
    };
    const remove = (name: string) => rm(join(world.folder, name));
    return { ...world, program, publish, acked, shown, remove };
  }

  it("runs what comes to stand there, and drains what goes; the others notice nothing", async () => {
    const world = await aFolder(".");
    await world.write("second.yaml", named("second").replace("type: segment-event", "type: segment-evnt"));
    await world.program.says("a new definition is invalid and is not started");
    expect(world.program.output.stderr).toMatch(/second\.yaml:\d+:\d+ unknown-stage/);
    await world.write("second.yaml", named("second"));
    await world.program.says('"pipeline":"second","file":"second.yaml","msg":"running"');
    world.publish();
    await vi.waitFor(() => expect([world.acked("first"), world.acked("second")]).toEqual([1, 1]), soon);
    expect(await world.shown()).toEqual(["first", "second"]);

    await world.remove("first.yaml");
    await world.program.says("the file is gone: its pipeline drains");
    await expect.poll(world.shown, soon).toEqual(["second"]);
    world.publish();
    await vi.waitFor(() => expect(world.acked("second")).toBe(2), soon);
    expect(world.acked("first")).toBe(1);
    await ends(world.program);
  });

  it("may be left by all; what comes back under another name starts, and SIGHUP looks as well", async () => {
    const world = await aFolder("*.yaml");
    await world.remove("first.yaml");
    world.program.child.kill("SIGHUP");
    await expect.poll(world.shown, soon).toEqual([]);
    await world.write("moved.yaml", named("first"));
    await world.program.says('"pipeline":"first","file":"moved.yaml","msg":"running"');
    world.publish();
    await vi.waitFor(() => expect(world.acked("first")).toBe(1), soon);
    await ends(world.program);
  });

  it("without a pipeline, or with two of one name, is refused", async () => {
    const world = await town([environment]);
    const run = async () => {
      const program = start(["run", "."], { cwd: world.folder, env: world.env });
      return { code: await program.exit, said: program.output.stderr };
    };
    expect(await run()).toMatchObject({
      code: 2,
      said: expect.stringContaining("there is no pipeline in ."),
    });
    await world.write("a.yaml", named("first"));
    await world.write("b.yml", named("first"));
    expect(await run()).toMatchObject({ code: 2, said: expect.stringContaining("are both called first") });
  });
});
