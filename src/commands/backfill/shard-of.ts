// Which shard of a backfill this process is: said on the command line, or by the scheduler that started it as one of
// several. Sources of the variables:
//
// - Kubernetes docs, "Indexed Job for Parallel Processing with Static Work Assignment": the index, and not how many
// - Cloud Run docs, "Create jobs": CLOUD_RUN_TASK_INDEX, CLOUD_RUN_TASK_COUNT
// - Batch docs, "Job creation and execution overview": BATCH_TASK_INDEX, BATCH_TASK_COUNT
// - sbatch(1), "Job arrays": SLURM_ARRAY_TASK_ID counts from _MIN in steps of _STEP; srun(1): SLURM_PROCID of a step
//
// All or nothing: a process that is one of several and does not know of how many would read everything, as all others.

import type { Shard } from "../../sources/file/shards.ts";
import { UsageError } from "../exit-code.ts";

export interface ShardOptions {
  /** `i/n`, counted from 0. */
  readonly shard: string | undefined;
  readonly shards: number | undefined;
}

export const shardOption = {
  shard: {
    type: "string",
    requiresArg: true,
    describe:
      "Read only this part of the files: i/n, from 0/n to (n-1)/n (or SLUICE_SHARD; or the index that Kubernetes, Cloud Run, Batch or Slurm gives)",
  },
  shards: {
    type: "number",
    requiresArg: true,
    describe: "How many shards there are, where the scheduler says only which one this is (or SLUICE_SHARDS)",
  },
} as const;

type Environment = Readonly<Record<string, string | undefined>>;

interface Found extends Shard {
  readonly variable: string;
}

const MOST_SHARDS = 10_000;

/** Undefined: this process reads everything. Throws UsageError. */
export function shardOf(options: ShardOptions, env: Environment): Shard | undefined {
  const said = options.shard ?? (env["SLUICE_SHARD"] || undefined);
  const of = options.shards ?? numberIn(env, "SLUICE_SHARDS");
  if (of !== undefined && !isCount(of))
    throw new UsageError(`--shards takes a whole number from 1 to ${MOST_SHARDS}, not ${of}`);
  const shard = said === undefined ? ofScheduler(env, of) : parse(said, of);
  return shard && shard.of > 1 ? { index: shard.index, of: shard.of } : undefined;
}

function parse(text: string, of: number | undefined): Shard {
  const match = /^(\d{1,5})\/(\d{1,5})$/.exec(text);
  const shard = { index: Number(match?.[1]), of: Number(match?.[2]) };
  if (!match || !isCount(shard.of) || shard.index >= shard.of)
    throw new UsageError(
      `--shard takes i/n, counted from 0 (the first of 8 is 0/8, the last 7/8), not ${JSON.stringify(text.slice(0, 40))}`,
    );
  if (of !== undefined && of !== shard.of)
    throw new UsageError(`--shard ${text} and --shards ${of} contradict each other: leave --shards out`);
  return shard;
}

function ofScheduler(env: Environment, of: number | undefined): Shard | undefined {
  const found = [
    plain(env, "JOB_COMPLETION_INDEX", undefined, of),
    plain(env, "CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_COUNT", of),
    plain(env, "BATCH_TASK_INDEX", "BATCH_TASK_COUNT", of),
    ofSlurm(env, of),
  ].filter((one) => one !== undefined);
  const several = found.filter((one) => one.of > 1);
  const [first] = several;
  const other = several.find((one) => one.index !== first?.index || one.of !== first.of);
  if (first && other)
    throw new UsageError(
      `${first.variable} makes this shard ${first.index}/${first.of}, ${other.variable} ${other.index}/${other.of}: say which with --shard`,
    );
  if (of !== undefined && of > 1 && found.length === 0)
    throw new UsageError(`Of ${of} shards, nothing says which one this is: give it --shard i/${of}`);
  return first;
}

/** A number that is stated holds before the scheduler's: a part of the tasks may be started again by themselves. */
function plain(
  env: Environment,
  variable: string,
  countVariable: string | undefined,
  stated: number | undefined,
): Found | undefined {
  const index = numberIn(env, variable);
  if (index === undefined) return undefined;
  const of = stated ?? (countVariable === undefined ? undefined : numberIn(env, countVariable));
  if (of === undefined)
    throw new UsageError(
      `${variable} is set, so this is one of several processes, but nothing says how many there are: give them --shards (or SLUICE_SHARDS), or --shard 0/1 to read everything`,
    );
  return checked({ variable, index, of });
}

function ofSlurm(env: Environment, stated: number | undefined): Found | undefined {
  const variable = "SLURM_ARRAY_TASK_ID";
  const id = numberIn(env, variable);
  if (id === undefined) {
    // Also set outside a step, where the script runs once whatever the number of tasks.
    const isStep = env["SLURM_STEP_NUM_TASKS"] !== undefined;
    return isStep ? plain(env, "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", stated) : undefined;
  }
  if (stated !== undefined) return checked({ variable, index: id, of: stated });
  const [first = 0, last = 0] = [
    numberIn(env, "SLURM_ARRAY_TASK_MIN"),
    numberIn(env, "SLURM_ARRAY_TASK_MAX"),
  ];
  const of = numberIn(env, "SLURM_ARRAY_TASK_COUNT") ?? 0;
  const step = of > 1 ? (last - first) / (of - 1) : 1;
  if (of > 1 && (numberIn(env, "SLURM_ARRAY_TASK_STEP") ?? step) !== step)
    throw new UsageError(
      `The array has ${of} tasks between ${first} and ${last}, with gaps: say how many shards there are with --shards, and its indices are those of the shards`,
    );
  return checked({ variable, index: (id - first) / step, of });
}

function checked(found: Found): Found {
  const { variable, index, of } = found;
  if (isCount(of) && Number.isInteger(index) && index >= 0 && index < of) return found;
  throw new UsageError(`${variable} makes this shard ${index} of ${of}: they are counted from 0`);
}

function isCount(of: number): boolean {
  return Number.isInteger(of) && of >= 1 && of <= MOST_SHARDS;
}

function numberIn(env: Environment, name: string): number | undefined {
  const text = env[name];
  if (text === undefined || text === "") return undefined;
  if (!/^\d{1,6}$/.test(text)) throw new UsageError(`${name} is not a whole number: ${text.slice(0, 40)}`);
  return Number(text);
}
