// Every example in docs/: written into an empty folder, loaded and run, page by page, as a reader would.

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { expect, onTestFinished, test, vi } from "vitest";
import { stringify } from "yaml";

import { survey } from "../../src/commands/local/find-process.ts";
import { registry } from "../../src/registry.ts";
import { type Program, start, town, TOPIC } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { type Step, stepsOf } from "./page.ts";

type Command = Extract<Step, { kind: "command" }>;

const SUBSCRIPTION = "projects/local/subscriptions/launchdarkly-events";
const found = await readdir("docs", { recursive: true });
const pages = found.filter((path) => path.endsWith(".md") && !path.startsWith("stages"));

/** `destinations` and flags for a page that does not write its own. */
const beside = {
  "pipelines/destinations.yaml": `destinations: [{id: segment-production, environment: your-client-side-id, config: {writeKey: "\${SEGMENT_WRITE_KEY}"}}]\n`,
  "pipelines/enablement.yaml":
    "environments: [{environment: your-client-side-id, allFlags: true, events: true}]\n",
};

test.each(pages)("the examples of docs/%s work", async (page) => {
  const steps = stepsOf(await readFile(join("docs", page), "utf8"));
  const folder = await tempFolder();
  const begun = steps.some((step) => step.kind === "command" && step.args[0] === "new");
  if (!begun) for (const [path, text] of Object.entries(beside)) await put(folder, path, text);
  const world = await town([]);
  world.pubsub.createTopic({ name: TOPIC });
  world.pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, ackDeadlineSeconds: 60 });
  const env = {
    PUBSUB_EMULATOR_HOST: world.pubsub.address,
    SEGMENT_WRITE_KEY: "a-write-key-for-tests",
    SLUICE_SCHEMA: join(process.cwd(), "schemas/launchdarkly/export-event.avsc"),
    SLUICE_RUNTIME_DIR: await mkdtemp(join(tmpdir(), "sl-")),
  };
  onTestFinished(() => rm(env.SLUICE_RUNTIME_DIR, { recursive: true, force: true }));
  const background: Program[] = [];
  for (const step of steps) {
    if (step.kind === "file") await put(folder, step.path, step.text);
    else if (step.isBackground) background.push(await startsUp(step, folder, env));
    else await runs(step, folder, env);
  }
  for (const { child, exit } of background) {
    child.kill("SIGTERM");
    expect(await exit).toBe(0);
  }
});

/** A reader would begin to look at it when it runs. */
async function startsUp({ args }: Command, folder: string, env: Record<string, string>): Promise<Program> {
  const program = start(args, { cwd: folder, env });
  await vi.waitFor(
    async () => {
      const names = (await survey(env)).running.flatMap(({ pipelines }) => pipelines);
      expect(names, program.output.stderr).not.toEqual([]);
    },
    { timeout: 60_000, interval: 100 },
  );
  return program;
}

async function put(folder: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}

async function runs(
  { args, exits, shows }: Command,
  folder: string,
  env: Record<string, string>,
): Promise<void> {
  // A shell would have done this.
  const listed = await Promise.all(
    args.map(async (arg) => {
      if (arg !== "pipelines/*.yaml") return [arg];
      return (await readdir(join(folder, "pipelines")))
        .filter((name) => name.endsWith(".yaml"))
        .map((name) => `pipelines/${name}`);
    }),
  );
  const program = start(listed.flat(), { cwd: folder, env });
  if (args[0] === "run") {
    await program.says("running");
    program.child.kill("SIGTERM");
  }
  const code = await program.exit;
  const printed = program.output.stdout + program.output.stderr;
  expect(code, `sluice ${args.join(" ")}\n${printed}`).toBe(exits);
  for (const line of shows) expect(printed).toContain(line);
}

const stages = [...registry.sources, ...registry.transforms, ...registry.sinks];

test.each(stages.map((stage) => [`${stage.role}-${stage.type}`, stage] as const))(
  "the page of %s shows the example that the contract tests load",
  async (name, { role, type, example }) => {
    const text = await readFile(`docs/stages/${name}.md`, "utf8");
    const written =
      role === "transform" ? { transforms: [{ type, ...example }] } : { [role]: { type, ...example } };
    expect(text).toContain(stringify(written, { lineWidth: 100 }));
    expect(text).toMatch(/^- `sluice_\w+`: /m);
  },
);
