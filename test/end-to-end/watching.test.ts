// `sluice top`, `tap` and `trace` beside a running program.

import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { describe, expect, it, onTestFinished, vi } from "vitest";

import { exported } from "../support/fixtures.ts";
import { pipelineYaml, start, SUBSCRIPTION, TOPIC, town } from "../support/program.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const feature = exported("feature");
const environment = String(feature["environment"]);
const soon = { timeout: 60_000, interval: 100 };

async function aRunningProgram() {
  const world = await town([environment]);
  // Short: the path of a socket has few bytes.
  const runtime = await mkdtemp(join(tmpdir(), "sl-"));
  onTestFinished(() => rm(runtime, { recursive: true, force: true }));
  world.pubsub.createTopic(TOPIC);
  world.pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, ackDeadlineSeconds: 10 });
  const redacting = pipelineYaml({ decode: "{ type: json-decode }" }).replace(
    "  - { type: segment-event }\n",
    "  - { type: segment-event }\n  - { type: redact, on: segment-event, mask: [event.userId] }\n",
  );
  const pipeline = await world.write("p.yaml", redacting);
  const env = { ...world.env, SLUICE_RUNTIME_DIR: runtime };
  const program = start(["run", pipeline], { cwd: world.folder, env });
  await program.says('"running"');
  await vi.waitFor(async () => expect(await readdir(runtime)).toEqual([`${program.child.pid}.sock`]), soon);
  const cli = async (...args: string[]) => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: world.folder,
      env: { ...process.env, ...env },
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const [stdout, stderr, status] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      new Promise<number | null>((resolve) => child.once("exit", resolve)),
    ]);
    return { stdout, stderr, status };
  };
  const publish = (event: object) =>
    world.pubsub.publish(TOPIC, [
      {
        data: Buffer.from(
          JSON.stringify({ ...feature, event: { ...(feature["event"] as object), ...event } }),
        ),
      },
    ]);
  return { ...world, runtime, program, pipeline, cli, publish };
}

describe("watching a running program", () => {
  it("shows values between two stages with what is redacted later masked, traces events, and sums up", async () => {
    const { runtime, program, pipeline, cli, publish, segment } = await aRunningProgram();
    const socket = join(runtime, `${program.child.pid}.sock`);
    expect([(await stat(socket)).mode & 0o777, (await stat(runtime)).mode & 0o777]).toEqual([0o600, 0o700]);

    const before = cli("tap", "under-test", "--stage", "segment-event", "--n", "1");
    const after = cli("tap", pipeline, "--n", "1", "--where", "event.userId == '***'");
    const taps = Promise.all([before, after]);
    let done = false;
    void taps.then(() => {
      done = true;
    });
    let n = 0;
    await vi.waitFor(() => {
      publish({ id: `e-${n++}` });
      expect(done).toBe(true);
    }, soon);
    const [unredacted, redacted] = (await taps).map(({ stdout }) => JSON.parse(stdout));
    expect(unredacted).toMatchObject({ stage: "segment-event", value: { userId: "[masked]" } });
    expect(redacted).toMatchObject({ stage: "redact", value: { userId: "***" } });

    await vi.waitFor(() => expect(segment.stats().accepted).toBeGreaterThan(0), soon);
    const [sent] = segment.events();
    const byMessageId = await cli("trace", String(sent!.messageId));
    expect(byMessageId.status).toBe(0);
    expect(JSON.parse(byMessageId.stdout)).toMatchObject({ found: true, paths: [{ state: "settled" }] });
    const unknown = await cli("trace", "never-came", "--format", "pretty");
    expect([unknown.status, unknown.stdout]).toEqual([
      1,
      expect.stringContaining("not in hand, not in the index"),
    ]);

    const top = await cli("top", "--once", "--format", "json");
    expect(JSON.parse(top.stdout).pipelines).toMatchObject([{ name: "under-test", state: "running" }]);
    const nobody = await cli("tap", "another");
    expect([nobody.status, nobody.stderr]).toEqual([2, expect.stringContaining("under-test")]);

    program.child.kill("SIGTERM");
    expect(await program.exit).toBe(0);
    expect(await readdir(runtime)).toEqual([]);
  });
});
