// Which pipelines there should be, when a folder or a pattern was given: a file that comes starts a pipeline, one that
// goes lets its pipeline drain.
//
//   of a file:  none --(it is there)--> loading: [right] running | [invalid, cannot start] refused, reported
//               refused --(it changed; SIGHUP)--> loading
//               running --(it is gone)--> draining --> none
//
// A file that takes another's place, with the same pipeline in it, starts when the old one has drained.

import type { LoadedPipeline, LoadResult } from "../../config/load.ts";
import type { ReadFile } from "../../config/outside.ts";
import { problemLine } from "../../config/problem.ts";
import type { Logger } from "../../engine/contracts.ts";
import { RunError, toError } from "../../engine/errors.ts";
import { FilesRead } from "./files-read.ts";

const MOST_PROBLEMS_LOGGED = 20;

export interface MembershipWorld {
  readonly log: Logger;
  readonly readFile: ReadFile;
  /** The files of the pipelines that there should be. */
  readonly wanted: () => Promise<readonly string[]>;
  /** Files of those that run and are to run on. */
  readonly running: () => readonly string[];
  readonly load: (file: string, read: FilesRead) => Promise<LoadResult>;
  /** Resolves when it takes in. Rejects when it cannot be started. */
  readonly begin: (file: string, pipeline: LoadedPipeline, read: FilesRead) => Promise<void>;
  /** Begins to drain it. */
  readonly end: (file: string) => void;
}

export class Membership {
  /** Files that are there and do not run, as they were then. */
  private readonly refused = new Map<string, FilesRead>();

  constructor(private readonly world: MembershipWorld) {}

  /** Everything that could make a refused file right. */
  get paths(): readonly string[] {
    return [...this.refused.values()].flatMap(({ paths }) => paths);
  }

  /** `again`: also what was refused and has not changed. */
  async update(again: boolean): Promise<void> {
    const { log, running, wanted, end } = this.world;
    let files: readonly string[];
    try {
      files = await wanted();
    } catch (error) {
      log.error({ err: error }, "the pipelines' folder cannot be read; those that run go on");
      return;
    }
    for (const file of running()) {
      if (files.includes(file)) continue;
      log.info({ file }, "the file is gone: its pipeline drains");
      end(file);
    }
    for (const file of this.refused.keys()) if (!files.includes(file)) this.refused.delete(file);
    for (const file of files)
      if (!running().includes(file) && (await this.isDue(file, again))) await this.begin(file);
  }

  private async isDue(file: string, again: boolean): Promise<boolean> {
    const read = this.refused.get(file);
    return again || !read || read.haveChanged(this.world.readFile);
  }

  private async begin(file: string): Promise<void> {
    const { log, load, begin } = this.world;
    const read = new FilesRead();
    this.refused.set(file, read);
    try {
      const result = await load(file, read);
      if ("problems" in result) {
        const problems = result.problems.slice(0, MOST_PROBLEMS_LOGGED).map(problemLine);
        log.error({ file, problems }, "a new definition is invalid and is not started; the others go on");
        return;
      }
      await begin(file, result.pipeline, read);
      this.refused.delete(file);
      log.info({ pipeline: result.pipeline.name, file }, "running");
    } catch (thrown) {
      const err = toError(thrown);
      const problem = err instanceof RunError ? `${err.code} ${err.message}` : err.message;
      log.error({ file, err, problem }, "a new pipeline cannot be started; the others go on");
    }
  }
}
