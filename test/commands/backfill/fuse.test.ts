import { resolve } from "node:path";

import { expect, test } from "vitest";

import { fuse } from "../../../src/commands/backfill/fuse.ts";
import { RecentIds } from "../../../src/commands/backfill/recent-ids.ts";
import { declaredFiles } from "../../../src/config/declared.ts";
import { type LoadedPipeline, loadPipeline } from "../../../src/config/load.ts";
import { realOutside } from "../../../src/config/outside.ts";
import { registry } from "../../../src/registry.ts";
import dedupe from "../../../src/transforms/dedupe.ts";

async function shipped(): Promise<LoadedPipeline> {
  const result = await loadPipeline(resolve("pipelines/launchdarkly-to-segment.yaml"), {
    registry,
    declared: declaredFiles,
    outside: realOutside({ SEGMENT_WRITE_KEY: "a-write-key" }),
  });
  if ("problems" in result) throw new Error(result.problems.map(({ message }) => message).join());
  return result.pipeline;
}

const isFused = async (pipeline: LoadedPipeline) => {
  const plan = await fuse(pipeline, { workers: 0 }, new RecentIds());
  await plan?.close();
  return plan !== undefined;
};

test("a pipeline with a dedupe stage, wherever it stands, goes through the stages", async () => {
  const pipeline = await shipped();
  const stage = { ...pipeline.transforms[0]!, definition: dedupe, config: {} };
  for (let at = 0; at <= pipeline.transforms.length; at++)
    expect(await isFused({ ...pipeline, transforms: pipeline.transforms.toSpliced(at, 0, stage) })).toBe(
      false,
    );
  expect(await isFused(pipeline)).toBe(true);
});
