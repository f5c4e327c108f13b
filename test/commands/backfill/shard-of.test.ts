import { expect, it } from "vitest";

import { shardOf } from "../../../src/commands/backfill/shard-of.ts";

const none = { shard: undefined, shards: undefined };

it.each([
  ["1/1", undefined],
  ["0/8", { index: 0, of: 8 }],
  ["7/8", { index: 7, of: 8 }],
])("--shard %s", (shard, expected) => {
  expect(shardOf({ ...none, shard: shard === "1/1" ? "0/1" : shard }, {})).toEqual(expected);
});

it.each(["8/8", "-1/8", "1", "1/0", "1/2/3", "a/b", "1.5/8", "0/99999", ""])(
  "refuses --shard %j",
  (shard) => {
    expect(() => shardOf({ ...none, shard }, {})).toThrow(/takes i\/n, counted from 0/);
  },
);

it.each([
  ["nothing said", {}, undefined],
  ["SLUICE_SHARD", { SLUICE_SHARD: "3/8" }, { index: 3, of: 8 }],
  ["Kubernetes", { JOB_COMPLETION_INDEX: "3", SLUICE_SHARDS: "8" }, { index: 3, of: 8 }],
  ["one pod of Kubernetes", { JOB_COMPLETION_INDEX: "0", SLUICE_SHARDS: "1" }, undefined],
  ["Cloud Run", { CLOUD_RUN_TASK_INDEX: "3", CLOUD_RUN_TASK_COUNT: "8" }, { index: 3, of: 8 }],
  ["Batch", { BATCH_TASK_INDEX: "3", BATCH_TASK_COUNT: "8" }, { index: 3, of: 8 }],
  ["one task of Batch", { BATCH_TASK_INDEX: "0", BATCH_TASK_COUNT: "1" }, undefined],
  ["a Slurm array", slurm(3, { count: 8, min: 0, max: 7 }), { index: 3, of: 8 }],
  ["a Slurm array from 1", slurm(8, { count: 8, min: 1, max: 8 }), { index: 7, of: 8 }],
  ["a Slurm array in steps", slurm(6, { count: 4, min: 0, max: 6, step: 2 }), { index: 3, of: 4 }],
  [
    "one Slurm task sent again alone, with the number said",
    { ...slurm(5, { count: 1, min: 5, max: 5 }), SLUICE_SHARDS: "8" },
    { index: 5, of: 8 },
  ],
  ["a Slurm step", { SLURM_PROCID: "2", SLURM_NTASKS: "4", SLURM_STEP_NUM_TASKS: "4" }, { index: 2, of: 4 }],
  ["a Slurm script outside a step", { SLURM_PROCID: "0", SLURM_NTASKS: "4" }, undefined],
  [
    "a step inside an array's task",
    { ...slurm(3, { count: 8, min: 0, max: 7 }), SLURM_PROCID: "0", SLURM_STEP_NUM_TASKS: "1" },
    { index: 3, of: 8 },
  ],
  [
    "Slurm inside Batch, which runs one task",
    { BATCH_TASK_INDEX: "0", BATCH_TASK_COUNT: "1", ...slurm(3, { count: 8, min: 0, max: 7 }) },
    { index: 3, of: 8 },
  ],
] as const)("is found by %s", (_, env, expected) => {
  expect(shardOf(none, env)).toEqual(expected);
});

it("is what the command line says before what a scheduler does", () => {
  const env = { CLOUD_RUN_TASK_INDEX: "3", CLOUD_RUN_TASK_COUNT: "8", SLUICE_SHARD: "1/2" };
  expect(shardOf({ ...none, shard: "0/4" }, env)).toEqual({ index: 0, of: 4 });
});

it.each([
  [{ JOB_COMPLETION_INDEX: "3" }, /JOB_COMPLETION_INDEX is set, .* how many there are: give them --shards/],
  [{ SLUICE_SHARDS: "8" }, /nothing says which one this is: give it --shard i\/8/],
  [{ SLUICE_SHARDS: "0" }, /--shards takes a whole number from 1/],
  [{ SLUICE_SHARDS: "many" }, /SLUICE_SHARDS is not a whole number: many/],
  [{ SLUICE_SHARDS: "8", SLUICE_SHARD: "1/4" }, /contradict each other/],
  [
    { CLOUD_RUN_TASK_INDEX: "8", CLOUD_RUN_TASK_COUNT: "8" },
    /makes this shard 8 of 8: they are counted from 0/,
  ],
  [slurm(3, { count: 3, min: 1, max: 7, step: 1 }), /3 tasks between 1 and 7, with gaps/],
  [
    { BATCH_TASK_INDEX: "1", BATCH_TASK_COUNT: "2", JOB_COMPLETION_INDEX: "0", SLUICE_SHARDS: "2" },
    /JOB_COMPLETION_INDEX makes this shard 0\/2, BATCH_TASK_INDEX 1\/2: say which/,
  ],
])("refuses %j", (env, message) => {
  expect(() => shardOf(none, env)).toThrow(message);
});

function slurm(
  id: number,
  { count, min, max, step = 1 }: { count: number; min: number; max: number; step?: number },
) {
  return {
    SLURM_ARRAY_TASK_ID: String(id),
    SLURM_ARRAY_TASK_COUNT: String(count),
    SLURM_ARRAY_TASK_MIN: String(min),
    SLURM_ARRAY_TASK_MAX: String(max),
    SLURM_ARRAY_TASK_STEP: String(step),
  };
}
