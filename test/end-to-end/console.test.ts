// Destinations and flags as an operator changes them while the real program runs.

import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { describe, expect, it, onTestFinished, vi } from "vitest";

import { newMasterKey } from "../../src/destinations/master-keys.ts";
import { exported } from "../support/fixtures.ts";
import { pipelineYaml, start, SUBSCRIPTION, TOPIC, town } from "../support/program.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const feature = exported("feature");
const environment = String(feature["environment"]);
const TOKEN = "canary-console-token-0123456789";
const KEY = "canary-write-key-of-the-store";
const soon = { timeout: 10_000, interval: 50 };

async function aWorld() {
  const world = await town([]);
  world.pubsub.createTopic(TOPIC);
  world.pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, ackDeadlineSeconds: 10 });
  await world.write("destinations.yaml", "destinations: []\n");
  await world.write("enablement.yaml", "environments: []\n");
  const secretKey = newMasterKey();
  const env = { ...world.env, SLUICE_SECRET_KEY: secretKey, SLUICE_ENDPOINT_ALLOW: "loopback" };
  const publish = (id: string) =>
    world.pubsub.publish(TOPIC, [
      { data: Buffer.from(JSON.stringify({ ...feature, event: { ...(feature["event"] as object), id } })) },
    ]);
  /** Not `spawnSync`: the local servers live in this process and must answer meanwhile. */
  const cli = async (args: readonly string[], input = "") => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: world.folder,
      env: { ...process.env, ...env },
    });
    child.stdin.end(input);
    const [stdout, stderr, status] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      new Promise<number | null>((resolve) => child.once("exit", resolve)),
    ]);
    return { status, stdout, stderr };
  };
  return { ...world, env, secretKey, publish, cli };
}

describe("the console of the real program", () => {
  it("serves the API, takes edits of the command line within two seconds, and shows no secret anywhere", async () => {
    const world = await aWorld();
    const pipeline = await world.write("p.yaml", pipelineYaml({ decode: "{ type: json-decode }" }));
    const program = start(["run", pipeline, "--console", "127.0.0.1:0"], {
      cwd: world.folder,
      env: { ...world.env, SLUICE_CONSOLE_TOKEN: TOKEN },
    });
    await program.says("running");
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(program.output.stderr)![0];
    const api = async (path: string) => {
      const response = await fetch(url + path, { headers: { authorization: TOKEN } });
      return { status: response.status, text: await response.text() };
    };
    expect((await fetch(`${url}/api/v2/destinations`)).status).toBe(401);

    world.publish("before");
    await vi.waitFor(() => expect(world.pubsub.subscription(SUBSCRIPTION)).toMatchObject({ acked: 1 }), soon);
    const created = await world.cli(
      [
        "destinations",
        "create",
        "--name",
        "Mine",
        "--environment",
        environment,
        "--on",
        "--endpoint",
        world.segment.url,
      ],
      KEY,
    );
    expect(created.status).toBe(0);
    const { _id } = JSON.parse(created.stdout);
    expect((await world.cli(["flags", "enable", "--all", "--environment", environment])).status).toBe(0);
    expect((await api("/api/v2/destinations")).text).toContain(_id);
    let published = 0;
    await vi.waitFor(() => {
      world.publish(`after-${published++}`);
      expect(world.segment.stats().accepted).toBeGreaterThan(0);
    }, soon);

    const tested = await world.cli(["destinations", "test", _id, "--kind", "feature"]);
    expect(tested.status).toBe(0);
    expect((await world.cli(["destinations", "delete", _id, "--yes"])).status).toBe(1);
    expect((await world.cli(["destinations", "off", _id])).status).toBe(0);
    expect((await world.cli(["destinations", "delete", _id, "--yes"])).status).toBe(0);

    const pages = await Promise.all(
      ["/", "/openapi.json", "/api/v2/pipelines", "/api/sluice/dead-letters"].map(api),
    );
    expect(pages.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(JSON.parse(pages[1]!.text).paths).toHaveProperty(
      "/api/v2/destinations/{projectKey}/{environmentKey}/{id}",
    );
    program.child.kill("SIGTERM");
    expect(await program.exit).toBe(0);

    const files = await readdir(world.folder, { recursive: true, withFileTypes: true });
    const contents = await Promise.all(
      files
        .filter((file) => file.isFile())
        .map((file) => readFile(join(file.parentPath, file.name), "latin1")),
    );
    const said = [
      program.output.stdout,
      program.output.stderr,
      created.stdout,
      tested.stdout,
      ...pages.map(({ text }) => text),
      ...contents,
    ].join("\n");
    for (const secret of [KEY, Buffer.from(`${KEY}:`).toString("base64"), TOKEN, world.secretKey])
      expect(said.includes(secret)).toBe(false);
  });

  it("says what is wrong with an address, and starts nothing then", async () => {
    const world = await aWorld();
    const pipeline = await world.write("p.yaml", pipelineYaml());
    const open = start(["run", pipeline, "--console", "0.0.0.0:0"], { cwd: world.folder, env: world.env });
    expect(await open.exit).toBe(1);
    expect(open.output.stderr).toContain("console-needs-token");
    const wrong = start(["run", pipeline, "--console", "a:b:c"], { cwd: world.folder, env: world.env });
    expect(await wrong.exit).toBe(2);
    expect(world.pubsub.subscription(SUBSCRIPTION)).toMatchObject({ acked: 0 });
  });
});

interface Enabled {
  readonly items: readonly object[];
  readonly launchdarkly: readonly { readonly ageMs: number; readonly failures: number }[];
}

describe("enablement: launchdarkly", () => {
  it("holds everything until LaunchDarkly has said what is exported, and then sends it", async () => {
    const world = await aWorld();
    let isUp = false;
    const server = createServer((request, response) => {
      const path = new URL(request.url ?? "", "http://x").pathname;
      if (!isUp) return void response.writeHead(503).end();
      const items: Record<string, object[]> = {
        "/api/v2/projects": [{ key: "default", _id: "1" }],
        "/api/v2/projects/default/environments": [{ key: "production", _id: environment }],
        "/api/v2/flags/default": [
          { key: "EXAMPLE-FLAG-KEY", environments: { production: { trackEvents: true } } },
        ],
      };
      response.end(JSON.stringify({ items: items[path] ?? [], totalCount: items[path]?.length ?? 0 }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await world.write(
      "destinations.yaml",
      `destinations:\n  - { id: mine, environment: ${environment}, config: { writeKey: "\${SEGMENT_WRITE_KEY}", endpoint: "\${SEGMENT_ENDPOINT}" } }\n`,
    );
    const pipeline = await world.write(
      "p.yaml",
      `${pipelineYaml({ decode: "{ type: json-decode }" })}enablement: { type: launchdarkly, accessToken: "\${LAUNCHDARKLY_ACCESS_TOKEN}", baseUrl: "${baseUrl}", pollMs: 5000 }\n`,
    );
    world.publish("one");
    const program = start(["run", pipeline, "--console", "127.0.0.1:0"], {
      cwd: world.folder,
      env: { ...world.env, LAUNCHDARKLY_ACCESS_TOKEN: "canary-launchdarkly-token" },
    });
    await program.says("cannot be read from LaunchDarkly");
    expect(world.pubsub.subscription(SUBSCRIPTION)).toMatchObject({ acked: 0 });
    isUp = true;
    await world.segment.waitForEvents(1, 20_000);
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(program.output.stderr)![0];
    const enablement = async () => (await fetch(`${url}/api/sluice/enablement`)).json() as Promise<Enabled>;
    const { items, launchdarkly } = await enablement();
    expect(items).toMatchObject([{ environment, flagCount: 1, declared: true, source: "launchdarkly" }]);
    expect(launchdarkly).toEqual([{ pipeline: "under-test", ageMs: expect.any(Number), failures: 0 }]);
    isUp = false;
    await vi.waitFor(
      async () => {
        const [later] = (await enablement()).launchdarkly;
        expect(later?.failures).toBeGreaterThan(0);
        expect(later?.ageMs).toBeGreaterThan(launchdarkly[0]!.ageMs);
      },
      { timeout: 30_000, interval: 200 },
    );
    program.child.kill("SIGTERM");
    expect(await program.exit).toBe(0);
    expect(program.output.stderr).not.toContain("canary-launchdarkly-token");
  });

  it("needs the usual token when it is named by its word alone", async () => {
    const world = await aWorld();
    const pipeline = await world.write("p.yaml", `${pipelineYaml()}enablement: launchdarkly\n`);
    const program = start(["validate", pipeline], { cwd: world.folder, env: world.env });
    expect(await program.exit).toBe(2);
    expect(program.output.stdout + program.output.stderr).toMatch(
      /p\.yaml:\d+:\d+ unset-variable .*LAUNCHDARKLY_ACCESS_TOKEN/,
    );
  });
});
