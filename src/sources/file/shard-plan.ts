// What the shards of one backfill agreed on, in the folder that they share. The first to come writes it; whoever comes with
// another list of files or another number of shards is refused, for between two plans parts of files would be read twice or
// not at all. Each shard keeps its checkpoint and its lock in a folder of its own below.

import { access, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import type { RunContext } from "../../engine/contracts.ts";
import { RunError, toError } from "../../engine/errors.ts";
import { createAtomically, writeAtomically } from "./atomic-file.ts";
import { CHECKPOINT_FILE } from "./checkpoint.ts";
import { bytesOf, type InputFile } from "./find-inputs.ts";
import { fingerprintOf, type Shard, shardName } from "./shards.ts";

export interface ShardPlan {
  readonly version: typeof VERSION;
  readonly pipeline: string;
  readonly of: number;
  readonly fingerprint: string;
  readonly files: number;
  readonly bytes: number;
  /** For each shard, how many files and pieces of files, and their bytes. */
  readonly shards: readonly { readonly files: number; readonly bytes: number }[];
}

const FILE = "plan.json";
const VERSION = 1;

export function planOf(
  pipeline: string,
  inputs: readonly InputFile[],
  shards: readonly (readonly InputFile[])[],
): ShardPlan {
  const sum = (files: readonly InputFile[]) => files.reduce((bytes, file) => bytes + bytesOf(file), 0);
  return {
    version: VERSION,
    pipeline,
    of: shards.length,
    fingerprint: fingerprintOf(inputs, shards.length),
    files: inputs.length,
    bytes: sum(inputs),
    shards: shards.map((files) => ({ files: files.length, bytes: sum(files) })),
  };
}

/** The folder of one shard, below the one that they share. Throws RunError `shards-changed`, `checkpoint-unreadable`. */
export async function joinPlan(
  directory: string,
  shard: Shard,
  plan: ShardPlan,
  { force, log }: { readonly force: boolean; readonly log: RunContext["log"] },
): Promise<string> {
  await mkdir(directory, { recursive: true });
  if (!force && (await isThere(join(directory, CHECKPOINT_FILE))))
    throw new RunError(
      "shards-changed",
      `${directory} is of a run that was not divided into shards. ${ADVICE}`,
    );
  const text = `${JSON.stringify(plan, null, 1)}\n`;
  const mine = await createAtomically(directory, FILE, text);
  const agreed = mine ? plan : await readPlan(directory);
  const changed = agreed && difference(agreed, plan);
  if (changed !== undefined && !force)
    throw new RunError("shards-changed", `The shards in ${directory} agreed on ${changed}. ${ADVICE}`);
  if (changed !== undefined) {
    log.warn({ state: directory }, `the shards agreed on ${changed}; forced to make a new plan`);
    await writeAtomically(directory, FILE, text);
  }
  return join(directory, shardName(shard));
}

/** For a run that is not divided. Throws RunError `shards-changed` when the folder is of one that was. */
export async function refuseShards(directory: string, force: boolean): Promise<void> {
  if (force) return;
  const plan = await readPlan(directory);
  if (plan)
    throw new RunError(
      "shards-changed",
      `${directory} is of a run in ${plan.of} shards, and this is one process. ${ADVICE}`,
    );
}

/** Undefined: no shard was here. Throws RunError `checkpoint-unreadable`. */
export async function readPlan(directory: string): Promise<ShardPlan | undefined> {
  const path = join(directory, FILE);
  try {
    const plan = JSON.parse(await readFile(path, "utf8")) as ShardPlan;
    if (plan.version === VERSION && Number.isInteger(plan.of) && plan.shards.length === plan.of) return plan;
    throw new Error("it is of another version of Sluice, or damaged");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new RunError(
      "checkpoint-unreadable",
      `${path} cannot be used: ${toError(error).message}. Go on with the version that wrote it, or delete it.`,
    );
  }
}

const ADVICE =
  "Give this run a state directory of its own to begin anew, or use force: what was sent already may then be sent again, with the same message ids.";

function difference(agreed: ShardPlan, mine: ShardPlan): string | undefined {
  if (agreed.fingerprint === mine.fingerprint) return undefined;
  if (agreed.of !== mine.of) return `${agreed.of} shards, and this one is of ${mine.of}`;
  const sizes = ({ files, bytes }: ShardPlan) => `${files} files of ${bytes} bytes`;
  if (sizes(agreed) !== sizes(mine)) return `${sizes(agreed)}, and now there are ${sizes(mine)}`;
  return "other files: their names or sizes have changed";
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    // Not there, or not ours to see: opening it will say so.
    return false;
  }
}
