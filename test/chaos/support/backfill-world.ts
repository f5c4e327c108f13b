// A folder of files, a local Segment, and the backfill between them, run as often as it takes.

import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { ArchiveFile } from "./archive-files.ts";
import { Child, type Exit } from "./child.ts";
import { destinationsYaml, enablementYaml, pipelineYaml } from "./pipeline-yaml.ts";
import { SegmentServer } from "./servers.ts";

interface SavedCheckpoint {
  readonly files: Readonly<Record<string, { readonly position: number; readonly done: boolean }>>;
}

export interface BackfillOptions {
  readonly onDamage?: "fail" | "skip-block" | "dead-letter-block";
  readonly node?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export const DESTINATION = "segment-1";

export class BackfillWorld {
  readonly exits: (Exit & { readonly stderr: string })[] = [];
  private child: Child | undefined;

  private constructor(
    readonly folder: string,
    readonly segment: SegmentServer,
    private readonly secret: string,
  ) {}

  static async open(files: readonly ArchiveFile[], eventsPerSecond: number): Promise<BackfillWorld> {
    const folder = await mkdtemp(join(tmpdir(), "sluice-chaos-backfill-"));
    await mkdir(join(folder, "input"));
    for (const { name, bytes } of files) await writeFile(join(folder, "input", name), bytes);
    await writeFile(join(folder, "destinations.yaml"), destinationsYaml([DESTINATION], eventsPerSecond));
    await writeFile(join(folder, "enablement.yaml"), enablementYaml());
    await writeFile(join(folder, "pipeline.yaml"), pipelineYaml());
    const secret = `canary${randomBytes(13).toString("hex")}`;
    return new BackfillWorld(folder, await SegmentServer.start(), secret);
  }

  start(options: BackfillOptions = {}): Child {
    const { onDamage = "dead-letter-block" } = options;
    const args = [
      "backfill",
      "pipeline.yaml",
      "--from",
      "input",
      "--state",
      "state",
      "--on-damage",
      onDamage,
    ];
    const child = new Child(args, {
      cwd: this.folder,
      node: ["--max-old-space-size=256", ...(options.node ?? [])],
      env: {
        SEGMENT_ENDPOINT: `http://127.0.0.1:${this.segment.port}`,
        SEGMENT_WRITE_KEY_1: this.secret,
        ...options.env,
      },
    });
    this.child = child;
    void child.exit.then((exit) => this.exits.push({ ...exit, stderr: child.stderr }));
    return child;
  }

  async run(options: BackfillOptions = {}): Promise<Exit & { readonly stderr: string }> {
    const child = this.start(options);
    const exit = await child.exit;
    return { ...exit, stderr: child.stderr };
  }

  /** `["<id>",<digest>]` of everything that Segment took, sorted; and how often something came again. */
  async taken(): Promise<{ readonly set: string[]; readonly repeated: number; readonly differing: number }> {
    const ids = await this.segment.ids();
    return {
      set: ids.map(({ id, digest }) => `${id} ${digest}`).sort(),
      repeated: ids.reduce((sum, { deliveries }) => sum + deliveries - 1, 0),
      differing: ids.filter(({ differing }) => differing > 0).length,
    };
  }

  async checkpoint(): Promise<SavedCheckpoint | undefined> {
    const text = await readFile(join(this.folder, "state", "checkpoint.json"), "utf8").catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as SavedCheckpoint);
  }

  /** Codes of the dead letters, each id once. */
  async deadLetterIds(): Promise<Map<string, string>> {
    const folder = join(this.folder, "dead-letters");
    const letters = new Map<string, string>();
    for (const name of await readdir(folder).catch(() => [])) {
      for (const line of (await readFile(join(folder, name), "utf8")).split("\n")) {
        if (line === "" || !line.endsWith("}")) continue;
        const { id, code } = JSON.parse(line) as { id: string; code: string };
        letters.set(id, code);
      }
    }
    return letters;
  }

  saysSecret(): boolean {
    return this.exits.some(({ stderr }) => stderr.includes(this.secret));
  }

  async close(): Promise<void> {
    await this.child?.end();
    await this.segment.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
