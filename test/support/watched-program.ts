// A real program in a small world, and the commands that watch it.

import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { expect, onTestFinished, vi } from "vitest";

import { exported } from "./fixtures.ts";
import { pipelineYaml, start, SUBSCRIPTION, TOPIC, town } from "./program.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const feature = exported("feature");
export const soon = { timeout: 60_000, interval: 100 };

/** `redact`: masks the Segment event's userId in a last stage. */
export async function aWatchedProgram({ redact = false, args = [] as readonly string[] } = {}) {
  const world = await town([String(feature["environment"])]);
  // Short: the path of a socket has few bytes.
  const runtime = await mkdtemp(join(tmpdir(), "sl-"));
  onTestFinished(() => rm(runtime, { recursive: true, force: true }));
  world.pubsub.createTopic(TOPIC);
  world.pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, ackDeadlineSeconds: 10 });
  const plain = pipelineYaml({ decode: "{ type: json-decode }" });
  const redacting = plain.replace(
    "  - { type: segment-event }\n",
    "  - { type: segment-event }\n  - { type: redact, on: segment-event, mask: [event.userId] }\n",
  );
  const pipeline = await world.write("p.yaml", redact ? redacting : plain);
  const env = { ...world.env, SLUICE_RUNTIME_DIR: runtime };
  /** Starts one that can be found. */
  const run = async () => {
    const program = start(["run", pipeline, ...args], { cwd: world.folder, env });
    await program.says('"running"');
    await vi.waitFor(async () => expect(await readdir(runtime)).toContain(`${program.child.pid}.sock`), soon);
    return program;
  };
  const program = await run();
  const socket = join(runtime, `${program.child.pid}.sock`);
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
  const publish = (event: object, copies = 1) => {
    const body = { ...feature, event: { ...(feature["event"] as object), ...event } };
    const data = Buffer.from(JSON.stringify(body));
    world.pubsub.publish(
      TOPIC,
      Array.from({ length: copies }, () => ({ data })),
    );
  };
  return {
    ...world,
    runtime,
    socket,
    program,
    pipeline,
    cli,
    publish,
    run,
    terminal: terminalIn(world.folder, env),
  };
}

/** A command in a terminal of its own: 110 columns, 30 rows, made by script(1) of util-linux. */
function terminalIn(cwd: string, env: Readonly<Record<string, string>>) {
  return (...args: readonly string[]) => {
    const command = `stty cols 110 rows 30; exec '${process.execPath}' '${MAIN}' ${args.join(" ")}`;
    const { NO_COLOR: _, ...inherited } = process.env;
    const child = spawn("script", ["-qefc", command, "/dev/null"], {
      cwd,
      env: { ...inherited, ...env, TERM: "xterm-256color", SHELL: "/bin/sh" },
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    let shown = "";
    child.stdout.setEncoding("utf8").on("data", (piece: string) => {
      shown += piece;
    });
    return {
      /** All that was written since the last `forget`. */
      shown: () => shown,
      forget: () => {
        shown = "";
      },
      type: (keys: string) => void child.stdin.write(keys),
      exit: new Promise<number | null>((resolve) => child.once("exit", resolve)),
    };
  };
}
