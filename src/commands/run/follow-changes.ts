// What a reload needs of the world: the disk, the registry, and the set of pipelines that it changes.

import { declaredFiles } from "../../config/declared.ts";
import { type LoadedPipeline, loadPipeline } from "../../config/load.ts";
import { realOutside } from "../../config/outside.ts";
import { systemClock } from "../../engine/clock.ts";
import type { Logger } from "../../engine/contracts.ts";
import { registry } from "../../registry.ts";
import { foldersOf, namedPipelines } from "../pipeline-files.ts";
import type { FilesRead } from "./files-read.ts";
import { Membership } from "./membership.ts";
import { Reloader, type ReloaderWorld } from "./reloader.ts";
import type { RunningSet } from "./running-set.ts";

export interface FollowParts extends Pick<ReloaderWorld, "attach" | "swapped" | "reported"> {
  readonly log: Logger;
  readonly set: RunningSet;
  /** With folders or patterns; empty: the pipelines are those of the start. */
  readonly followed: readonly string[];
  /** Starts the pipeline of a file that came. */
  readonly join: (file: string, pipeline: LoadedPipeline, files: FilesRead) => Promise<void>;
}

export function followChanges(parts: FollowParts): Reloader {
  const { log, set, followed, attach, join, swapped, reported } = parts;
  const outside = realOutside(process.env);
  const { readFile } = outside;
  const load = (file: string, files: FilesRead) =>
    loadPipeline(file, { registry, declared: declaredFiles, outside: files.watching(outside) });
  const membership = new Membership({
    log,
    readFile,
    load,
    wanted: async () => (await namedPipelines(followed, outside)).files,
    running: () => set.members.map(({ file }) => file),
    begin: join,
    end: (file) => {
      for (const one of set.members) if (one.file === file) set.leave(one);
    },
  });
  return new Reloader(() => set.members, {
    log,
    readFile,
    wallMs: () => systemClock.wallMs(),
    load,
    attach,
    swapped,
    reported,
    membership: followed.length > 0 ? membership : undefined,
    folders: () => foldersOf(followed),
  });
}
