// The package as it would be published: packed, installed into an empty folder, and run by somebody with no rights.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { chmod, mkdir, readdir, readFile, realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, it, onTestFinished, vi } from "vitest";

import { exported } from "../support/fixtures.ts";
import { pipelineYaml, SUBSCRIPTION, TOPIC, type Town, town } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";

const run = promisify(execFile);
const feature = exported("feature");
const NOBODY = 65_534;
const INSTALL_MS = 300_000;

/** Without install scripts: what needs one is not usable in a locked-down build. Strict: every package takes this Node. */
const npmInstall = [
  "install",
  "--omit=dev",
  "--ignore-scripts",
  "--engine-strict",
  "--no-audit",
  "--no-fund",
];

async function installed(): Promise<string> {
  const folder = await tempFolder();
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder]);
  const [tarball] = (await readdir(folder)).filter((name) => name.endsWith(".tgz"));
  const home = join(folder, "empty");
  await mkdir(home);
  await writeFile(join(home, "package.json"), "{}");
  await run("npm", [...npmInstall, "--prefer-offline", join(folder, tarball!)], {
    cwd: home,
    timeout: INSTALL_MS,
  });
  // Readable by everybody, writable by nobody.
  await run("chmod", ["-R", "a-w,a+rX", home]);
  await chmod(folder, 0o755);
  onTestFinished(() => run("chmod", ["-R", "u+w", home]).then(() => undefined));
  return home;
}

it("runs installed, unprivileged, from a tree that it cannot write, with one volume", {
  timeout: 400_000,
}, async () => {
  const home = await installed();
  const files = await readdir(join(home, "node_modules", "sluice"));
  expect(files).toEqual(
    expect.arrayContaining([
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "deploy",
      "dist",
      "docs",
      "package.json",
      "pipelines",
      "schemas",
    ]),
  );
  expect(files).not.toContain("test");
  const shipped = (name: string) => join(home, "node_modules", "sluice", name);
  expect(await readdir(shipped("dist"))).not.toContain(".built");
  for (const name of ["deploy/grafana/sluice.json", "deploy/prometheus/alerts.yaml"])
    expect(await readFile(shipped(name), "utf8")).not.toBe("");
  const main = await realpath(join(home, "node_modules", ".bin", "sluice"));

  const world = await town([String(feature["environment"])]);
  world.pubsub.createTopic(TOPIC);
  world.pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, ackDeadlineSeconds: 10 });
  const volume = join(world.folder, "volume");
  await mkdir(volume);
  const schema = join(home, "node_modules", "sluice", "schemas", "launchdarkly", "export-event.avsc");
  const yaml = pipelineYaml({ decode: `{ type: avro-decode, schema: "${schema}" }` });
  await world.write("p.yaml", yaml.replace("path: dead-letters.ndjson", `path: ${volume}/dead-letters/`));
  await chmod(volume, 0o777);
  await chmod(world.folder, 0o555);
  onTestFinished(() => chmod(world.folder, 0o755));

  const state = join(volume, "state");
  const sluice = (...args: readonly string[]) => asNobody([main, ...args], world);
  const first = sluice("run", "p.yaml", "--state", state, "--metrics", "127.0.0.1:0");
  const publish = (text: string) => world.pubsub.publish(TOPIC, [{ data: Buffer.from(text) }]);
  publish(JSON.stringify(feature));
  publish("no event");
  const acked = (program: Installed, count: number) =>
    vi.waitFor(
      () => {
        expect(program.log()).not.toContain('"level":"error"');
        expect(world.pubsub.subscription(SUBSCRIPTION)).toMatchObject({ acked: count });
      },
      { timeout: 60_000, interval: 100 },
    );
  await acked(first, 2);
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(first.log())![0];
  expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ status: "ready" });
  first.child.kill("SIGTERM");
  expect(await first.exit).toBe(0);
  expect(world.segment.stats().accepted).toBe(1);
  expect((await readdir(volume)).sort()).toEqual(["dead-letters", "state"]);

  const workers = sluice("run", "p.yaml", "--state", state, "--workers", "2");
  publish("no event, either");
  await acked(workers, 3);
  workers.child.kill("SIGTERM");
  expect(await workers.exit).toBe(0);

  const pipeline = shipped("pipelines/launchdarkly-to-segment-cloud.yaml");
  for (const target of ["k8s", "cloudrun", "cloudrun-job"]) {
    const deploy = sluice("deploy", target, pipeline);
    expect(await deploy.exit, deploy.log()).toBe(0);
  }
});

interface Installed {
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;
  /** What it has written to stderr. */
  readonly log: () => string;
}

/** Runs in the world's folder with no rights and nothing of the environment but what the world needs. */
function asNobody(args: readonly string[], { folder, env }: Town): Installed {
  const isRoot = process.getuid?.() === 0;
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { PATH: process.env["PATH"], METADATA_SERVER_DETECTION: "none", ...env },
    stdio: ["ignore", "ignore", "pipe"],
    ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  return { child, exit, log: () => log };
}
