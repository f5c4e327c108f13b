// The real program as a process, and the small world it runs in: a folder, a local Pub/Sub, a local Segment.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { onTestFinished } from "vitest";

import { type PubSubEmulator, startPubSub } from "../../src/emulators/pubsub/start-pubsub.ts";
import {
  type SegmentEmulator,
  type SegmentEmulatorOptions,
  startSegment,
} from "../../src/emulators/segment/emulator.ts";
import { tempFolder } from "./temp-folder.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
export const EXPORT_SCHEMA = fileURLToPath(
  new URL("../../schemas/launchdarkly/export-event.avsc", import.meta.url),
);

export interface Program {
  readonly child: ChildProcess;
  readonly output: { stdout: string; stderr: string };
  /** Resolves when the output (either stream) holds the text; rejects when the program ends without it. */
  says(text: string): Promise<void>;
  /** The exit code; 128 + signal number does not occur: -1 stands for "killed". */
  readonly exit: Promise<number>;
}

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly node?: readonly string[];
}

export function start(args: readonly string[], options: StartOptions = {}): Program {
  if (!existsSync(MAIN)) throw new Error("dist/main.js is missing: run `make build` first");
  const child = spawn(process.execPath, [...(options.node ?? []), MAIN, ...args], {
    cwd: options.cwd,
    env: { ...process.env, NO_COLOR: "1", METADATA_SERVER_DETECTION: "none", ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  const watchers = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
      for (const watch of [...watchers]) watch();
    });
  }
  const exit = new Promise<number>((resolve) => child.once("close", (code) => resolve(code ?? -1)));
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const says = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const watch = () => {
        if (!output.stdout.includes(text) && !output.stderr.includes(text)) return;
        watchers.delete(watch);
        resolve();
      };
      watchers.add(watch);
      watch();
      void exit.then((code) =>
        reject(new Error(`ended with ${code} before it said ${text}:\n${output.stderr}`)),
      );
    });
  return { child, output, says, exit };
}

export interface Town {
  readonly folder: string;
  readonly pubsub: PubSubEmulator;
  readonly segment: SegmentEmulator;
  readonly env: Record<string, string>;
  readonly topic: string;
  write(name: string, content: string | Uint8Array): Promise<string>;
}

export const SUBSCRIPTION = "projects/test-project/subscriptions/events";
export const TOPIC = "projects/test-project/topics/events";

/** Both local servers and a folder with destinations and enablement for the environments given. */
export async function town(
  environments: readonly string[],
  options: SegmentEmulatorOptions = {},
): Promise<Town> {
  const folder = await tempFolder();
  const pubsub = await startPubSub();
  const segment = await startSegment({ recordBodies: true, ...options });
  onTestFinished(async () => {
    await Promise.all([pubsub.close(), segment.close()]);
  });
  const write = async (name: string, content: string | Uint8Array) => {
    const path = join(folder, name);
    await writeFile(path, content);
    return path;
  };
  await write("destinations.yaml", destinationsYaml(environments));
  await write(
    "enablement.yaml",
    `environments:\n${environments.map((e) => `  - { environment: ${e}, allFlags: true, events: true, flags: [] }\n`).join("")}`,
  );
  return {
    folder,
    pubsub,
    segment,
    write,
    topic: TOPIC,
    env: {
      PUBSUB_EMULATOR_HOST: pubsub.address,
      SEGMENT_WRITE_KEY: "a-write-key-for-tests",
      SEGMENT_ENDPOINT: segment.url,
    },
  };
}

function destinationsYaml(environments: readonly string[]): string {
  const one = (environment: string, i: number) => `  - id: segment-${i === 0 ? "production" : i}
    environment: ${environment}
    config: { writeKey: "\${SEGMENT_WRITE_KEY}", endpoint: "\${SEGMENT_ENDPOINT}" }
`;
  return `destinations:\n${environments.map(one).join("")}`;
}

/** The example pipeline with its decode stage and a few settings open to change. */
export function pipelineYaml(with_: { decode?: string; drainMs?: number; sink?: string } = {}): string {
  return `name: under-test
source: { type: pubsub, subscription: ${SUBSCRIPTION}, ackDeadlineSeconds: 10 }
transforms:
  - ${with_.decode ?? `{ type: avro-decode, schema: "${EXPORT_SCHEMA}" }`}
  - { type: filter-enabled }
  - { type: segment-event }
sink: ${with_.sink ?? "{ type: segment, probeMs: 1000 }"}
deadLetters: { type: file, path: dead-letters.ndjson }
drainMs: ${with_.drainMs ?? 5000}
`;
}

/** The texts of the events in a `/v1/batch` body, exactly as they were sent. */
export function eventTexts(body: Buffer): string[] {
  const text = body.toString("utf8");
  const start = text.indexOf("[") + 1;
  const events: string[] = [];
  let depth = 0;
  let inString = false;
  let from = start;
  for (let i = start; i < text.length; i++) {
    const c = text[i];
    if (inString) {
      if (c === "\\") i += 1;
      else if (c === '"') inString = false;
    } else if (c === '"') inString = true;
    else if (c === "{" || c === "[") depth += 1;
    else if (c === "}" || (c === "]" && depth > 0)) depth -= 1;
    else if ((c === "," || c === "]") && depth === 0) {
      events.push(text.slice(from, i));
      from = i + 1;
      if (c === "]") break;
    }
  }
  return events.filter((event) => event !== "");
}
