// Finds and starts Google's own Pub/Sub emulator, which the contract tests hold our server against. It is a jar of
// the Cloud SDK and needs `java`; many machines have neither, so its absence is an answer and not an error.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, readdirSync, realpathSync } from "node:fs";
import { createConnection } from "node:net";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";

import { freePort } from "./free-port.ts";

export interface RunningEmulator {
  /** `host:port`. */
  readonly host: string;
  close(): Promise<void>;
}

const START_MS = 25_000;
const POLL_MS = 100;

/** An emulator that somebody runs already (PUBSUB_EMULATOR_HOST), or one of our own; else why there is none. */
export async function startGoogleEmulator(
  env: NodeJS.ProcessEnv = process.env,
): Promise<RunningEmulator | { readonly missing: string }> {
  const given = env["PUBSUB_EMULATOR_HOST"];
  if (given) return { host: given, close: async () => {} };
  const java = findCommand("java", env);
  if (!java) return { missing: "PUBSUB_EMULATOR_HOST is not set and there is no `java` in PATH" };
  const folders = sdkFolders(env).map((root) => join(root, "platform", "pubsub-emulator", "lib"));
  const jar = folders.map(findJar).find((found) => found !== undefined);
  if (!jar) return { missing: `no cloud-pubsub-emulator-*.jar in ${folders.join(", ")}` };
  return startJar(java, jar);
}

async function startJar(java: string, jar: string): Promise<RunningEmulator | { readonly missing: string }> {
  const port = await freePort();
  const child = spawn(java, ["-jar", jar, "--host=127.0.0.1", `--port=${port}`], { stdio: "ignore" });
  const exited = once(child, "exit");
  const stopWithUs = () => child.kill("SIGKILL");
  process.once("exit", stopWithUs);
  const failed = new Promise<string>((resolve) => child.once("error", (error) => resolve(error.message)));
  const close = async () => {
    process.off("exit", stopWithUs);
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await exited;
    }
  };
  const problem = await Promise.race([answers(port, child), failed]);
  if (problem === undefined) return { host: `127.0.0.1:${port}`, close };
  await close();
  return { missing: `${jar} did not start: ${problem}` };
}

/** Waits until the port takes connections; yields the problem when it does not. */
async function answers(port: number, child: ChildProcess): Promise<string | undefined> {
  for (let waitedMs = 0; waitedMs < START_MS; waitedMs += POLL_MS) {
    if (child.exitCode !== null) return `it ended with code ${child.exitCode}`;
    if (await connects(port)) return undefined;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return `no connection on port ${port} within ${START_MS} ms`;
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Where a Cloud SDK may be: its own variable, around the `gcloud` in PATH, and where installers put it. */
function sdkFolders(env: NodeJS.ProcessEnv): string[] {
  const folders = new Set<string>();
  if (env["CLOUDSDK_ROOT_DIR"]) folders.add(env["CLOUDSDK_ROOT_DIR"]);
  const gcloud = findCommand("gcloud", env);
  // …/google-cloud-sdk/bin/gcloud, reached through a link.
  if (gcloud) folders.add(dirname(dirname(realpathSync(gcloud))));
  for (const parent of ["/usr/lib", "/usr/share", "/opt", "/usr/local", "/opt/homebrew/share", homedir()])
    folders.add(join(parent, "google-cloud-sdk"));
  return [...folders];
}

function findCommand(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const candidates = (env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name));
  return candidates.find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function findJar(folder: string): string | undefined {
  try {
    const jar = readdirSync(folder).find((name) => /^cloud-pubsub-emulator-.*\.jar$/.test(name));
    return jar && join(folder, jar);
  } catch {
    return undefined;
  }
}
