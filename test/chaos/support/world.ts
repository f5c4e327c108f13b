// Everything of one run: the two local servers, a fault proxy in front of each, the program between them, and the
// oracle that publishes. `close` leaves nothing behind.

import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { type Allowed, type DeadLetterLine, judge, type Verdict } from "./invariants.ts";
import { type Mix, Oracle, usualMix } from "./oracle.ts";
import { destinationsYaml, enablementYaml, pipelineYaml, type PipelineOptions } from "./pipeline-yaml.ts";
import { FaultProxy } from "./proxy.ts";
import { Publisher } from "./publisher.ts";
import { PubSubServer, SegmentServer } from "./servers.ts";
import { Supervisor } from "./supervisor.ts";

export interface WorldOptions {
  readonly seed: number;
  readonly mix?: Mix;
  readonly padding?: number;
  /** How many destinations; each gets every event. */
  readonly destinations?: number;
  readonly eventsPerSecond?: number;
  readonly pipeline?: PipelineOptions;
  /** In place of the proxy's own address: another name for it, or something in front of it. */
  readonly endpoint?: (proxyPort: number, defer: Defer) => string | Promise<string>;
  /** More of the command line. */
  readonly args?: readonly string[];
  /** Of the program's process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly node?: readonly string[];
  readonly prefix?: readonly string[];
}

/** Has something closed with the world. */
export type Defer = (close: () => unknown) => void;

const POLL_MS = 200;
/** What a start takes on a machine that has time. */
const USUAL_START_MS = 1_500;
/**
 * Seen at the server of a busy machine, where a process may stand still for half a second: then events of two
 * seconds come in as those of one. The limiter itself is measured elsewhere; here only a broken one would show.
 */
const RATE_TOLERANCE = 2;

export class World {
  readonly publisher: Publisher;
  readonly program: Supervisor;
  private readonly others: Supervisor[] = [];

  private constructor(
    private readonly closers: (() => unknown)[],
    readonly options: WorldOptions,
    readonly folder: string,
    readonly oracle: Oracle,
    readonly pubsub: PubSubServer,
    readonly segment: SegmentServer,
    readonly toPubSub: FaultProxy,
    readonly toSegment: FaultProxy,
    private readonly newProgram: () => Supervisor,
    /** Part of every write key, so that one search finds any of them. */
    private readonly secret: string,
  ) {
    this.publisher = new Publisher(oracle, pubsub);
    this.program = newProgram();
  }

  static async open(options: WorldOptions): Promise<World> {
    const { seed, mix = usualMix, padding = 0, destinations: count = 1, eventsPerSecond = 900 } = options;
    const destinations = Array.from({ length: count }, (_, i) => `segment-${i + 1}`);
    const oracle = new Oracle({ seed, mix, padding, destinations });
    const folder = await mkdtemp(join(tmpdir(), "sluice-chaos-"));
    const [pubsub, segment] = await Promise.all([
      PubSubServer.start(options.pipeline?.ackDeadlineSeconds ?? 10),
      SegmentServer.start(),
    ]);
    const toPubSub = await FaultProxy.start(pubsub.port, seed);
    const toSegment = await FaultProxy.start(segment.port, seed + 1);
    const secret = `canary${randomBytes(13).toString("hex")}`;
    await writeFile(join(folder, "destinations.yaml"), destinationsYaml(destinations, eventsPerSecond));
    await writeFile(join(folder, "enablement.yaml"), enablementYaml());
    await writeFile(join(folder, "pipeline.yaml"), pipelineYaml(options.pipeline));
    const closers: (() => unknown)[] = [];
    const endpoint = await options.endpoint?.(toSegment.port, (close) => closers.push(close));
    const newProgram = () =>
      new Supervisor(["run", "pipeline.yaml", ...(options.args ?? [])], {
        cwd: folder,
        env: {
          PUBSUB_EMULATOR_HOST: toPubSub.address,
          SEGMENT_ENDPOINT: endpoint ?? `http://${toSegment.address}`,
          ...Object.fromEntries(
            destinations.map((_, i) => [`SEGMENT_WRITE_KEY_${i + 1}`, writeKey(secret, i)]),
          ),
          ...options.env,
        },
        node: options.node ?? [],
        prefix: options.prefix ?? [],
      });
    return new World(
      closers,
      options,
      folder,
      oracle,
      pubsub,
      segment,
      toPubSub,
      toSegment,
      newProgram,
      secret,
    );
  }

  /** One more copy of the program on the same subscription; it is not started yet. */
  another(): Supervisor {
    const program = this.newProgram();
    this.others.push(program);
    return program;
  }

  /** Of the nth destination, from 0. */
  writeKey(n: number): string {
    return writeKey(this.secret, n);
  }

  /** By how much this machine is slower than it should be, at least 1: every wait here is so much longer. */
  get patience(): number {
    return Math.max(1, this.program.startedInMs / USUAL_START_MS);
  }

  /** Publishes one good event; yields how long it took to reach every destination, in ms. */
  async probe(withinMs = 30_000): Promise<number> {
    const startedAt = performance.now();
    let missing = (await this.publisher.publishGood()).messages;
    for (;;) {
      const there = await Promise.all(missing.map(({ messageId }) => this.segment.has(messageId)));
      missing = missing.filter((_, index) => !there[index]);
      const tookMs = performance.now() - startedAt;
      if (missing.length === 0) return tookMs;
      if (tookMs > withinMs * this.patience)
        throw new Error(`I6 a fresh event was not delivered within ${withinMs} ms\n${await this.tail()}`);
      await sleep(POLL_MS / 4);
    }
  }

  /** Resolves when Pub/Sub has nothing left to hand out and nothing in our hands. */
  async settled(withinMs = 30_000): Promise<void> {
    const startedAt = performance.now();
    for (let quiet = 0; quiet < 2; ) {
      const state = await this.pubsub.state();
      quiet = state.waiting + state.backingOff + state.outstanding === 0 ? quiet + 1 : 0;
      if (performance.now() - startedAt > withinMs * this.patience)
        throw new Error(
          `not settled within ${withinMs} ms: ${JSON.stringify(state)}\n${JSON.stringify(await this.segment.stats())}\n${await this.tail()}`,
        );
      await sleep(POLL_MS);
    }
  }

  /** Resolves when all that is published by now was dealt with, while more comes. */
  async caughtUp(withinMs = 30_000): Promise<void> {
    const before = new Set(this.publisher.issued.keys());
    await this.until(
      "what was published is dealt with",
      async () => {
        const [{ waiting, backingOff }, { ids }] = await Promise.all([
          this.pubsub.state(),
          this.pubsub.ids("outstanding"),
        ]);
        return waiting + backingOff === 0 && !ids.some((id) => before.has(id));
      },
      withinMs,
    );
  }

  /** Until `what` yields true; for conditions that have no event. */
  async until(what: string, test: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<number> {
    const startedAt = performance.now();
    while (!(await test())) {
      if (performance.now() - startedAt > withinMs * this.patience)
        throw new Error(`not within ${withinMs} ms: ${what}\n${await this.tail()}`);
      await sleep(POLL_MS / 2);
    }
    return performance.now() - startedAt;
  }

  /** As an editor saves: another file takes its name. The program that runs sees it. */
  async changeDefinition(text: string): Promise<void> {
    const path = join(this.folder, "pipeline.yaml");
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  }

  /** For the next start. */
  async rewritePipeline(options: PipelineOptions): Promise<void> {
    const text = pipelineYaml({ ...this.options.pipeline, ...options });
    await writeFile(join(this.folder, "pipeline.yaml"), text);
  }

  async judge(allowed: Partial<Allowed> = {}): Promise<Verdict> {
    const [acked, segmentIds, stats, letters] = await Promise.all([
      this.pubsub.ids("acked"),
      this.segment.ids(),
      this.segment.stats(),
      this.deadLetters(),
    ]);
    const { eventsPerSecond = 900, destinations = 1 } = this.options;
    return judge(
      {
        issued: this.publisher.issued,
        ackedIds: [...new Set(acked.ids)],
        segmentIds,
        stats,
        deadLetters: letters.lines,
        tornLines: letters.torn,
        exits: [this.program, ...this.others].flatMap(({ exits }) => exits),
        secret: this.secret,
      },
      { duplicates: 0, eventsPerSecond: eventsPerSecond * destinations * RATE_TOLERANCE, ...allowed },
    );
  }

  /** A line that was torn by a crash is passed over and counted. */
  async deadLetters(): Promise<{ lines: DeadLetterLine[]; torn: number }> {
    const folder = join(this.folder, "dead-letters");
    const lines: DeadLetterLine[] = [];
    let torn = 0;
    for (const name of await readdir(folder).catch(() => [])) {
      for (const text of (await readFile(join(folder, name), "utf8")).split("\n")) {
        if (text === "") continue;
        try {
          lines.push(JSON.parse(text) as DeadLetterLine);
        } catch {
          torn += 1;
        }
      }
    }
    return { lines, torn };
  }

  defer(close: () => unknown): void {
    this.closers.push(close);
  }

  async tail(): Promise<string> {
    return `seed ${this.options.seed}\nthe program says: …${this.program.stderr.slice(-3_000)}`;
  }

  async close(): Promise<void> {
    this.publisher.close();
    for (const program of [this.program, ...this.others]) await program.close();
    for (const close of this.closers) await close();
    await Promise.all([
      this.pubsub.close(),
      this.segment.close(),
      this.toPubSub.close(),
      this.toSegment.close(),
    ]);
    await rm(this.folder, { recursive: true, force: true });
  }
}

function writeKey(secret: string, n: number): string {
  return `${secret}${n + 1}`;
}
