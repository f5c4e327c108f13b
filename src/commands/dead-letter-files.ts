// How the files of dead letters are cut. A segment that is full or old is ended and never touched again, so that it
// can be moved, compressed or deleted while the pipeline runs.

import { stat } from "node:fs/promises";
import { resolve } from "node:path";

import type { LoadedPipeline } from "../config/load.ts";
import { isMap } from "../config/stages.ts";

type DeadLetterStage = LoadedPipeline["deadLetters"];

/** For a folder that says nothing else. */
export const segmentDefaults = { rotateBytes: 64 * 1024 * 1024, rotateMs: 3_600_000 } as const;

/** A folder of segments rotates; a single file stays one unless it says otherwise. */
export async function rotating(stage: DeadLetterStage, baseDir: string): Promise<DeadLetterStage> {
  const path = pathOf(stage);
  if (path === undefined) return stage;
  const isFolder = path.endsWith("/") || (await isDirectory(resolve(baseDir, path)));
  return isFolder ? inSegments(stage) : stage;
}

/**
 * Segments in any case: for a command that may run beside the live pipeline. A single file has one writer; two would
 * cut each other's lines away when the disk is full.
 */
export function inSegments(stage: DeadLetterStage): DeadLetterStage {
  if (pathOf(stage) === undefined) return stage;
  const { mode: _, ...config } = stage.config as Readonly<Record<string, unknown>>;
  return { ...stage, config: { ...segmentDefaults, ...config, mode: "append" } };
}

function pathOf({ definition, config }: DeadLetterStage): string | undefined {
  const path = definition.type === "file" && isMap(config) ? config["path"] : undefined;
  return typeof path === "string" ? path : undefined;
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // Not there yet: then it becomes a file, as its name says.
    return false;
  }
}
