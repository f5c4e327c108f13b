// Everything an operator has in front of him: the deployed program, what it talks to, Prometheus, and people whose
// clicks and flags never stop. `close` leaves nothing behind.

import { spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { FaultProxy } from "../chaos/support/proxy.ts";
import { encodeAvro, exportEventSchema } from "../../src/emulators/avro-events.ts";
import { type PubSubEmulator, startPubSub } from "../../src/emulators/pubsub/start-pubsub.ts";
import { type SegmentEmulator, startSegment } from "../../src/emulators/segment/emulator.ts";
import { exported } from "../support/fixtures.ts";
import { freePort } from "../support/free-port.ts";
import { RedisServer } from "../support/redis.ts";
import { AppliedUnit } from "./applied-unit.ts";
import { fasterRules } from "./faster-rules.ts";
import { Prometheus } from "./prometheus.ts";

export const PROJECT = "projects/operator-project";
const TOPIC = `${PROJECT}/topics/launchdarkly-events`;
const SUBSCRIPTION = `${PROJECT}/subscriptions/launchdarkly-events`;
const TICK_MS = 100;
const PIPELINES = "etc/sluice/pipelines";
const NAME = "launchdarkly-to-segment";

export interface GroundOptions {
  readonly timesFaster: number;
  /** `redis-server` or `valkey-server`; undefined: the process keeps the rate alone. */
  readonly rateStore: string | undefined;
}

type Closer = () => unknown;

interface Parts {
  readonly root: string;
  readonly pubsub: PubSubEmulator;
  readonly toPubSub: FaultProxy;
  readonly segment: SegmentEmulator;
  readonly redis: RedisServer | undefined;
  readonly unit: AppliedUnit;
  readonly prometheus: Prometheus;
  /** Of the environment file. */
  readonly variables: Readonly<Record<string, string>>;
  /** A file system of its own for the dead letters; undefined where none can be mounted. */
  readonly disk: string | undefined;
}

export class Ground {
  static readonly USUAL_TRAFFIC = 40;
  /** Events per second of the destination. */
  static readonly RATE = 100;
  /** Per second. */
  traffic: number = Ground.USUAL_TRAFFIC;
  /** One in twenty messages is no event at all. */
  garbage = false;
  private serial = 0;
  private due = 0;

  private constructor(
    readonly parts: Parts,
    private readonly closers: Closer[],
  ) {
    const ticking = setInterval(() => this.publish((this.traffic * TICK_MS) / 1_000), TICK_MS);
    closers.push(() => clearInterval(ticking));
  }

  static async open(options: GroundOptions): Promise<Ground> {
    const closers: Closer[] = [];
    try {
      const parts = await build(options, (close) => closers.push(close));
      await parts.unit.start();
      return new Ground(parts, closers);
    } catch (error) {
      await closeAll(closers);
      throw error;
    }
  }

  get pipelineFile(): string {
    return join(this.parts.root, PIPELINES, `${NAME}.yaml`);
  }

  /** To the last byte; the function it returns makes room again. Throws where no file system can be mounted. */
  fillDeadLetterDisk(): () => Promise<void> {
    const { disk } = this.parts;
    if (!disk) throw new Error("a small file system (tmpfs) cannot be mounted here: run as root");
    const ballast = join(disk, "ballast");
    // It ends when there is no space left.
    spawnSync("dd", ["if=/dev/zero", `of=${ballast}`, "bs=1k"]);
    return () => rm(ballast);
  }

  /** Avro by a schema that the program has not seen. */
  publishWithSchema(name: string): void {
    const definition = exportEventSchema();
    const { revisionId } = this.parts.pubsub.createSchema({ name, type: "AVRO", definition });
    const attributes = {
      googclient_schemaname: name,
      googclient_schemarevisionid: String(revisionId),
      googclient_schemaencoding: "BINARY",
    };
    this.parts.pubsub.publish(TOPIC, [{ data: encodeAvro(this.event()), attributes }]);
  }

  close(): Promise<void> {
    return closeAll(this.closers);
  }

  private publish(count: number): void {
    this.due += count;
    const messages = [];
    for (; this.due >= 1; this.due -= 1) {
      const isGarbage = this.garbage && this.serial % 20 === 0;
      const text = isGarbage ? `no event ${this.serial++}` : JSON.stringify(this.event());
      messages.push({ data: Buffer.from(text) });
    }
    if (messages.length > 0) this.parts.pubsub.publish(TOPIC, messages);
  }

  private event(): object {
    const feature = exported("feature");
    const event = feature["event"] as object; // The documented example.
    const own = { key: "checkout-redesign", id: `operate-${this.serial++}`, creationDate: Date.now() };
    return { ...feature, event: { ...event, ...own } };
  }
}

async function closeAll(closers: readonly Closer[]): Promise<void> {
  for (const close of [...closers].reverse()) await close();
}

async function build(
  { timesFaster, rateStore }: GroundOptions,
  defer: (close: Closer) => void,
): Promise<Parts> {
  const root = await mkdtemp(join(tmpdir(), "sluice-operate-"));
  defer(() => rm(root, { recursive: true, force: true }));
  const pubsub = await startPubSub();
  defer(() => pubsub.close());
  const segment = await startSegment({ keepEvents: 10 });
  defer(() => segment.close());
  pubsub.createTopic(TOPIC);
  pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, ackDeadlineSeconds: 10 });
  const toPubSub = await FaultProxy.start(pubsub.port, 1);
  defer(() => toPubSub.close());
  const redis = rateStore === undefined ? undefined : await RedisServer.start(rateStore);
  defer(() => redis?.close());
  await installPipeline(root);
  const disk = await smallDisk(join(root, "var/lib/sluice/dead-letters"));
  if (disk !== undefined) defer(() => spawnSync("umount", ["-l", disk]));
  const metricsPort = await freePort();
  const pipeline = join(root, PIPELINES, `${NAME}.yaml`);
  const shell = { SLUICE_SUBSCRIPTION: SUBSCRIPTION, SEGMENT_ENDPOINT: segment.url };
  const unit = await AppliedUnit.write({ root, pipeline, shell, metricsPort, timesFaster });
  defer(() => unit.close());
  const variables = {
    SEGMENT_WRITE_KEY: "a-write-key-of-the-operator",
    PUBSUB_EMULATOR_HOST: toPubSub.address,
    ...(redis ? { SLUICE_RATE_STORE: redis.url, SLUICE_REPLICAS: "1" } : {}),
  };
  await unit.setVariables(variables);
  const prometheus = await Prometheus.start({
    folder: join(root, "prometheus"),
    rules: fasterRules(await readFile("deploy/prometheus/alerts.yaml", "utf8"), timesFaster),
    port: await freePort(),
    target: `127.0.0.1:${metricsPort}`,
  });
  defer(() => prometheus.close());
  return { root, pubsub, toPubSub, segment, redis, unit, prometheus, variables, disk };
}

/** The shipped pipeline as an operator would fit it to his subscription: short leases, a rate, quick probes. */
async function installPipeline(root: string): Promise<void> {
  const folder = join(root, PIPELINES);
  await mkdir(folder, { recursive: true });
  await cp("schemas", join(root, "etc/sluice/schemas"), { recursive: true });
  for (const [file, edits] of Object.entries({
    [`${NAME}.yaml`]: [
      ["  type: pubsub\n", "  type: pubsub\n  ackDeadlineSeconds: 10\n"],
      ["deadLetters:\n", "drainMs: 8000\ndeadLetters:\n"],
      ["  type: segment #", "  type: segment\n  probeMs: 5000 #"],
    ],
    "destinations.yaml": [["eventsPerSecond: 900", `eventsPerSecond: ${Ground.RATE}`]],
    "enablement.yaml": [],
  } as const)) {
    let text = await readFile(join("pipelines", file), "utf8");
    for (const [from, to] of edits) {
      if (!text.includes(from)) throw new Error(`${file} has no ${JSON.stringify(from)}`);
      text = text.replace(from, to);
    }
    await writeFile(join(folder, file), text);
  }
}

/** Four megabytes for the dead letters; undefined where nothing can be mounted. */
async function smallDisk(folder: string): Promise<string | undefined> {
  await mkdir(folder, { recursive: true });
  return spawnSync("mount", ["-t", "tmpfs", "-o", "size=4m", "none", folder]).status === 0
    ? folder
    : undefined;
}
