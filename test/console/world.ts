// A console on a free port beside a pipeline that runs: from a list of export events to a local Segment.

import { join } from "node:path";

import Type, { type TSchema } from "typebox";
import { onTestFinished } from "vitest";

import { consoleFor, consolePipeline } from "../../src/commands/console.ts";
import { startJob } from "../../src/commands/job.ts";
import { liveSettings } from "../../src/commands/live-settings.ts";
import { openStore } from "../../src/commands/settings-store.ts";
import { SeenFlags } from "../../src/console/seen-flags.ts";
import { compile } from "../../src/config/check.ts";
import type { LoadedPipeline } from "../../src/config/load.ts";
import { SecretScrubber } from "../../src/config/scrubber.ts";
import { enablementIndex, type ListedEnvironment } from "../../src/destinations/enablement.ts";
import { newMasterKey } from "../../src/destinations/master-keys.ts";
import { type SegmentEmulatorOptions, startSegment } from "../../src/emulators/segment/emulator.ts";
import { type Destination, defineSource, type Source } from "../../src/engine/contracts.ts";
import { systemClock } from "../../src/engine/clock.ts";
import { allOf } from "../../src/engine/observers.ts";
import { LiveProcess } from "../../src/live/live-process.ts";
import fileSink from "../../src/sinks/file/file.ts";
import segment from "../../src/sinks/segment/segment.ts";
import filterEnabled from "../../src/transforms/filter-enabled.ts";
import jsonDecode from "../../src/transforms/json-decode.ts";
import segmentEvent from "../../src/transforms/segment-event.ts";

import { destinationsOf, recordingLog } from "../support/context.ts";
import { aRecord, type ListedRecord } from "../support/stages.ts";
import { tempFolder } from "../support/temp-folder.ts";

export const ENVIRONMENT = "5d4b12345d2a2806bd2cc6eb";
export const PROJECT = "5744c12345c9900708000001";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the tests are about.
  readonly body: any;
  readonly text: string;
}

export interface WorldOptions {
  readonly token?: string;
  readonly declared?: readonly Destination[];
  readonly enablement?: readonly ListedEnvironment[];
  readonly env?: Readonly<Record<string, string>>;
  readonly noPipeline?: boolean;
  readonly segment?: SegmentEmulatorOptions;
}

/** Offers what `offer` is given, until it is stopped. */
function pushSource() {
  let hand: ((record: ListedRecord) => void) | undefined;
  const early: ListedRecord[] = [];
  const source: Source = {
    redelivers: true,
    run: (intake, signal) =>
      new Promise((resolve) => {
        hand = (record) => void intake.offer(record);
        for (const record of early.splice(0)) hand(record);
        signal.addEventListener("abort", () => resolve(), { once: true });
      }),
    async close() {},
  };
  const offer = (record: ListedRecord) => (hand ? hand(record) : early.push(record));
  return { source, offer };
}

export async function aConsole(options: WorldOptions = {}) {
  const folder = await tempFolder();
  const emulator = await startSegment({ recordBodies: true, ...options.segment });
  const log = recordingLog();
  const env = {
    SLUICE_STORE: join(folder, "store"),
    SLUICE_SECRET_KEY: newMasterKey(),
    SLUICE_ENDPOINT_ALLOW: "loopback",
    ...(options.token === undefined ? {} : { SLUICE_CONSOLE_TOKEN: options.token }),
    ...options.env,
  };
  const open = await openStore({}, env);
  const settings = liveSettings(open, { log, stateDir: folder });
  const { source, offer } = pushSource();
  const deadLetters = join(folder, "letters.ndjson");
  const own = pipelineOf(source, {
    folder,
    deadLetters,
    declared: options.declared ?? [],
    enablement: options.enablement ?? [],
  });
  const { live } = await settings.attach(own);
  const seenFlags = new SeenFlags();
  const facts = { pid: 1, command: "run", version: "test", folder, rssBytes: () => 1 };
  const view = new LiveProcess({ clock: systemClock, log, facts, traces: true });
  view.start();
  const watch = view.watch(live);
  const job = await startJob(live, { log, observer: allOf(watch.observer, seenFlags) });
  if (!options.noPipeline) watch.began(job);
  settings.follow(() => [job]);
  const shown = options.noPipeline ? [] : [consolePipeline(own, live, job, log)];
  const console = await consoleFor(
    { options: { console: "127.0.0.1:0" }, open, log, seenFlags, live: view, pipelines: () => shown },
    env,
  );
  if (!console) throw new Error("no console");
  onTestFinished(async () => {
    await console.close();
    view.close();
    job.run.abort();
    await job.run.done;
    await settings.close();
    await emulator.close();
  });
  const request = async (
    method: string,
    path: string,
    init: { body?: unknown; headers?: Record<string, string>; raw?: string } = {},
  ) => {
    const hasBody = init.body !== undefined || init.raw !== undefined;
    const response = await fetch(console.url + path, {
      method,
      headers: {
        ...(hasBody ? { "content-type": "application/json" } : {}),
        ...(options.token === undefined ? {} : { authorization: options.token }),
        ...init.headers,
      },
      ...(hasBody ? { body: init.raw ?? JSON.stringify(init.body) } : {}),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") && text !== "";
    const answer: Answer = {
      status: response.status,
      headers: response.headers,
      body: isJson ? JSON.parse(text) : undefined,
      text,
    };
    return answer;
  };
  let records = 0;
  return {
    url: console.url,
    folder,
    deadLetters,
    emulator,
    log,
    env,
    open,
    job,
    /** As the pipeline sees them. */
    destinations: live.destinations,
    request,
    /** Offers an export event; its record says how it was settled. `before`: it is not offered yet. */
    offer(event: object, environment = ENVIRONMENT, before?: (record: ListedRecord) => void): ListedRecord {
      const record = aRecord(
        `r${records++}`,
        JSON.stringify({ project: PROJECT, environment, version: 1, event }),
      );
      before?.(record);
      offer(record);
      return record;
    },
    /** Creates a destination that sends to the local Segment; gives its path and what was answered. */
    async create(with_: { name?: string; on?: boolean; config?: object } = {}) {
      const answer = await request("POST", `/api/v2/destinations/*/${ENVIRONMENT}`, {
        body: {
          name: with_.name ?? "Test",
          kind: "segment",
          on: with_.on ?? true,
          config: { writeKey: "first-write-key-0001", endpoint: emulator.url, ...with_.config },
        },
      });
      if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`);
      return { path: answer.body._links.self.href as string, body: answer.body };
    },
  };
}

function pipelineOf(
  source: Source,
  of: {
    folder: string;
    deadLetters: string;
    declared: readonly Destination[];
    enablement: readonly ListedEnvironment[];
  },
): LoadedPipeline {
  const stage = <D extends { config: unknown; example: unknown }>(definition: D, config: object = {}) => ({
    definition,
    config: filled(definition.config as TSchema, config),
  });
  const pushed = defineSource({
    type: "push",
    summary: "For tests.",
    config: Type.Object({}),
    example: {},
    emits: "bytes",
    create: () => source,
  });
  return {
    file: "test.yaml",
    baseDir: of.folder,
    name: "under-test",
    description: undefined,
    source: { definition: pushed, config: {} },
    transforms: [stage(jsonDecode), stage(filterEnabled), stage(segmentEvent)],
    sinks: [{ ...stage(segment, { probeMs: 3_600_000 }), name: "segment" }],
    deadLetters: {
      ...stage(fileSink, { path: of.deadLetters, durable: true }),
      window: { size: 1000, max: 3 },
    },
    inFlight: { records: 10_000, bytes: 32 * 1024 * 1024 },
    drainMs: 1_000,
    destinations: destinationsOf(...of.declared),
    enablement: enablementIndex(of.enablement),
    hash: "0123456789abcdef",
    scrubber: new SecretScrubber(),
  } as LoadedPipeline;
}

function filled(schema: TSchema, config: object): object {
  const copy = structuredClone(config);
  if (!compile(schema).validate(copy)) throw new Error("the configuration of a test is wrong");
  return copy;
}

export function aFeature(key: string, id: string = crypto.randomUUID()) {
  return {
    kind: "feature",
    id,
    creationDate: 1_568_409_618_114,
    userKey: "u",
    key,
    value: "on",
    default: false,
    version: 1,
    variation: 0,
    contextKeys: { user: "u" },
  };
}
