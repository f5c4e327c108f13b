// What a backfill puts in place of the pipeline's source and sink, and where it keeps its checkpoint.

import { extname, join, resolve } from "node:path";

import type { Replacement } from "../../config/load.ts";
import { type Shard, shardName } from "../../sources/file/shards.ts";
import type { BackfillOptions } from "../backfill.ts";
import { UsageError } from "../exit-code.ts";

/** Throws UsageError. */
export function sourceOf({ from, force, onDamage }: BackfillOptions): Replacement {
  if (from === undefined || from.length === 0)
    throw new UsageError("Say which files to read: --from, with a path, a folder or a glob");
  const paths = from.map((path) => (path.startsWith("gs://") ? path : resolve(path)));
  return { option: "--from", value: { type: "file", paths, force, onDamage } };
}

/** The settings of the source that are no part of a definition. */
export function runSettings(
  options: BackfillOptions,
  { name, hash }: { readonly name: string; readonly hash: string },
  shard: Shard | undefined,
): { readonly state?: string; readonly configVersion?: string; readonly shard?: Shard } {
  const divided = shard ? { shard } : {};
  // A dry run keeps no checkpoint, and a run with a limit is a look, not a backfill.
  if (options.dryRun || (options.limit !== undefined && options.state === undefined)) return divided;
  return { ...divided, state: stateFolder(options, name), configVersion: hash };
}

/** That of all shards. */
export function stateFolder({ state, to }: BackfillOptions, name: string): string {
  const target = to === undefined ? "sink" : to.replaceAll(/[^A-Za-z0-9._-]+/g, "-");
  return resolve(state ?? join(".sluice", "backfill", name, target));
}

/** Each shard has an output file of its own: they may be on several machines. Throws UsageError. */
export function sinkOf(to: string, shard: Shard | undefined): Replacement {
  if (to === "stdout" || to === "-") return { option: "--to", value: { type: "stdout" } };
  if (to.startsWith("file:") && to.length > 5) {
    return { option: "--to", value: { type: "file", path: ofShard(resolve(to.slice(5)), shard) } };
  }
  throw new UsageError(
    `--to takes file:<path> or stdout, not ${JSON.stringify(to)}; leave it out to use the pipeline's sink`,
  );
}

function ofShard(path: string, shard: Shard | undefined): string {
  if (!shard) return path;
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}.${shardName(shard)}${extension}`;
}
