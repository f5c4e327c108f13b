// Changed pipeline files, or SIGHUP -> checked and swapped under load, one pipeline after the other.
//
//   quiet --(a file changed; SIGHUP)--> checking: [the same] quiet | [invalid, cannot be made] reported, nothing changed
//                                                 | [right] swapped, reported
//
// A change that comes while one is checked is looked at afterwards. The environment is what it was at the start. On a
// terminal SIGHUP says that the terminal is gone, and ends the process as ever.

import type { LoadedPipeline, LoadResult } from "../../config/load.ts";
import { problemLine } from "../../config/problem.ts";
import type { ReadFile } from "../../config/outside.ts";
import type { Logger } from "../../engine/contracts.ts";
import { RunError, toError } from "../../engine/errors.ts";
import type { ReloadState } from "../../live/shapes/snapshot.ts";
import type { AttachedPipeline } from "../live-settings.ts";
import { FilesRead } from "./files-read.ts";
import { type Generations, versionOf } from "./generations.ts";
import type { Membership } from "./membership.ts";
import { WatchedFolders } from "./watch-folders.ts";

export interface Reloadable {
  /** As it was given. */
  readonly file: string;
  readonly generations: Generations;
  files: FilesRead;
  lastReload: ReloadState | undefined;
}

export interface ReloaderWorld {
  readonly log: Logger;
  readonly load: (file: string, read: FilesRead) => Promise<LoadResult>;
  readonly attach: (pipeline: LoadedPipeline) => Promise<AttachedPipeline>;
  readonly readFile: ReadFile;
  readonly wallMs: () => number;
  readonly swapped: (pipeline: Reloadable) => void;
  /** Of the pipeline with this name: what became of a change. */
  readonly reported: (name: string, reload: ReloadState) => void;
  /** Which pipelines there should be; undefined: those of the start. */
  readonly membership?: Membership | undefined;
  /** Folders in which files come and go. */
  readonly folders: () => Promise<readonly string[]>;
}

const HANG_UP = "SIGHUP";
const MOST_PROBLEMS_LOGGED = 20;
const MOST_PROBLEMS_KEPT = 100;

export class Reloader {
  private readonly folders: WatchedFolders;
  private readonly onHangUp = () => this.ask(HANG_UP);
  private asked: string | undefined;
  private working: Promise<void> | undefined;
  private halted = false;

  /** `pipelines`: those that run at a moment. */
  constructor(
    private readonly pipelines: () => readonly Reloadable[],
    private readonly world: ReloaderWorld,
  ) {
    this.folders = new WatchedFolders(world.log, () => this.ask("a file changed"));
    if (!process.stdin.isTTY) process.on(HANG_UP, this.onHangUp);
  }

  /** What changed while the pipelines started is taken up, too. */
  begin(): void {
    this.ask("the start");
  }

  /** Looks at every pipeline's files; only those that changed are loaded anew. */
  ask(why: string): void {
    this.asked = why;
    this.working ??= this.work().finally(() => {
      this.working = undefined;
    });
  }

  /** Nothing is reloaded any more; a reload under way is finished first. */
  async halt(): Promise<void> {
    this.halted = true;
    this.folders.close();
    await this.working;
  }

  /** From here on SIGHUP ends the process. */
  async close(): Promise<void> {
    await this.halt();
    process.off(HANG_UP, this.onHangUp);
  }

  private async work(): Promise<void> {
    while (this.asked !== undefined && !this.halted) {
      await this.follow();
      const why = this.asked;
      this.asked = undefined;
      const { membership } = this.world;
      // First: a file that is gone is no broken one.
      if (membership) await membership.update(why === HANG_UP);
      for (const pipeline of this.pipelines())
        if (await this.isDue(pipeline, why)) await this.reload(pipeline, why);
      await this.follow();
    }
  }

  /** What could not be made may be possible now: it is tried again when somebody asks. */
  private async isDue({ files, lastReload }: Reloadable, why: string): Promise<boolean> {
    if (this.halted) return false;
    if (why === HANG_UP && lastReload?.outcome === "failed") return true;
    return files.haveChanged(this.world.readFile);
  }

  private async reload(pipeline: Reloadable, why: string): Promise<void> {
    const files = new FilesRead();
    const { name } = pipeline.generations.current.own;
    try {
      const result = await this.world.load(pipeline.file, files);
      pipeline.files = files;
      if ("pipeline" in result) await this.swap(pipeline, result.pipeline, why);
      else this.explain(pipeline, result.problems.map(problemLine), why);
    } catch (thrown) {
      const error = toError(thrown);
      const problem = error instanceof RunError ? `${error.code} ${error.message}` : error.message;
      this.report(pipeline, { outcome: "failed", problems: [problem] });
      const fields = { pipeline: name, why, err: error };
      this.world.log.error(fields, "the reload failed; the definition before it goes on");
    }
  }

  private async swap(pipeline: Reloadable, changed: LoadedPipeline, why: string): Promise<void> {
    const { name } = pipeline.generations.current.own;
    if (changed.name !== name)
      throw new RunError(
        "reload-needs-restart",
        `a running pipeline cannot be renamed (${name} to ${changed.name})`,
      );
    const attached = await this.world.attach(changed);
    try {
      await pipeline.generations.replace(attached);
    } catch (error) {
      await attached.release();
      throw error;
    }
    const version = versionOf(attached);
    this.report(pipeline, { outcome: "applied", version, problems: [] });
    this.world.swapped(pipeline);
    this.world.log.info({ pipeline: name, why, version }, "the changed definition takes in");
  }

  private explain(pipeline: Reloadable, problems: readonly string[], why: string): void {
    this.report(pipeline, { outcome: "invalid", problems: problems.slice(0, MOST_PROBLEMS_KEPT) });
    const { name } = pipeline.generations.current.own;
    const fields = { pipeline: name, why, problems: problems.slice(0, MOST_PROBLEMS_LOGGED) };
    this.world.log.error(fields, "the changed definition is invalid; the one before it goes on");
  }

  private report(pipeline: Reloadable, what: Omit<ReloadState, "at">): void {
    pipeline.lastReload = { at: new Date(this.world.wallMs()).toISOString(), ...what };
    this.world.reported(pipeline.generations.current.own.name, pipeline.lastReload);
    const { metrics } = pipeline.generations;
    metrics.count("pipeline_reloads_total", 1, { outcome: what.outcome });
    metrics.set("pipeline_change_refused", what.outcome === "applied" ? 0 : 1);
  }

  private async follow(): Promise<void> {
    const { membership } = this.world;
    const folders = await this.world.folders();
    if (this.halted) return;
    const paths = this.pipelines().flatMap(({ files }) => files.paths);
    this.folders.follow([...paths, ...(membership?.paths ?? [])], folders);
  }
}
