// Parts of a pipeline that outlive a reload because two of them at once would get in each other's way: the source (its
// leases and its memory of delivered ids) and files that are written. Each is made for the first generation that needs
// it, shared while its settings stay the same, and closed with the last generation that has it.

import { resolve } from "node:path";

import { canonical } from "../../config/config-hash.ts";
import { revealed } from "../../config/secret.ts";
import type { RunContext, Sink, Source } from "../../engine/contracts.ts";
import { RunError } from "../../engine/errors.ts";
import { Metrics } from "../../engine/metrics.ts";
import { SharedSource } from "../../engine/shared-source.ts";
import { SharedFile } from "./shared-file.ts";

interface Shared {
  /** Set when it cannot be shared any more; resolves when another one may be made. */
  readonly over: Promise<void> | undefined;
}

interface Kept<T> {
  readonly settings: string;
  readonly part: Promise<T>;
  users: number;
}

export interface Described {
  readonly definition: { readonly type: string };
  readonly config: unknown;
}

type Gauge = RunContext["gauge"];

export class KeptParts {
  /** All generations count in the same, so that nothing goes backwards. */
  readonly metrics = new Metrics();
  private readonly sources = new Map<string, Kept<SharedSource>>();
  private readonly files = new Map<string, Kept<SharedFile>>();
  private newestSource = "";

  /**
   * The same source goes on as long as its settings are the same. Throws RunError `reload-needs-restart` for another
   * one where what the first holds does not come again.
   */
  async source(
    stage: Described,
    baseDir: string,
    gauge: Gauge,
    make: (gauge: Gauge) => Promise<Source>,
  ): Promise<Source> {
    const settings = settingsOf(stage, baseDir);
    await this.refuseToLeave(settings);
    // One that ends later does not speak for the one that goes on.
    const ofNewest: Gauge = (...args) => {
      if (this.newestSource === settings) gauge(...args);
    };
    const before = this.newestSource;
    this.newestSource = settings;
    try {
      const making = async () => new SharedSource(await make(ofNewest));
      const kept = await hold(this.sources, settings, settings, making);
      return kept.part.share(kept.release);
    } catch (error) {
      this.newestSource = before;
      throw error;
    }
  }

  /** Throws RunError `reload-needs-restart` for one file with two settings. */
  async sink(stage: Described, baseDir: string, make: () => Promise<Sink>): Promise<Sink> {
    const path = singleFile(stage, baseDir);
    if (path === undefined) return make();
    const making = async () => new SharedFile(await make());
    const kept = await hold(this.files, path, settingsOf(stage, baseDir), making);
    return kept.part.share(kept.release);
  }

  private async refuseToLeave(settings: string): Promise<void> {
    const current = this.sources.get(this.newestSource);
    if (!current || current.settings === settings) return;
    if ((await current.part).redelivers) return;
    throw new RunError("reload-needs-restart", "the source changed, and it reads what does not come again");
  }
}

async function hold<T extends Shared>(
  all: Map<string, Kept<T>>,
  key: string,
  settings: string,
  make: () => Promise<T>,
): Promise<{ readonly part: T; readonly release: () => void }> {
  let kept = all.get(key);
  const over = (await kept?.part)?.over;
  if (over) {
    await over;
    all.delete(key);
    kept = undefined;
  }
  if (kept && kept.settings !== settings)
    throw new RunError(
      "reload-needs-restart",
      `the settings of ${key} changed, and the running definition still writes to it`,
    );
  if (!kept) {
    kept = { settings, part: make(), users: 0 };
    all.set(key, kept);
  }
  const mine = kept;
  mine.users += 1;
  const release = () => {
    mine.users -= 1;
    if (mine.users === 0 && all.get(key) === mine) all.delete(key);
  };
  try {
    return { part: await mine.part, release };
  } catch (error) {
    release();
    throw error;
  }
}

/** The one file that a sink writes; undefined: segments have names of their own, so that two writers never meet. */
function singleFile({ definition, config }: Described, baseDir: string): string | undefined {
  if (definition.type !== "file") return undefined;
  const { path, rotateBytes, rotateMs } = config as Readonly<Record<string, unknown>>;
  const rotates = rotateBytes !== undefined || rotateMs !== undefined;
  return typeof path !== "string" || path.endsWith("/") || rotates ? undefined : resolve(baseDir, path);
}

/** Stays in memory: secrets are in it. */
export function settingsOf({ definition, config }: Described, baseDir: string): string {
  return canonical([definition.type, baseDir, revealed(config)]);
}
