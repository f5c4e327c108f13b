import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { pipelineScaffold } from "../../../src/commands/new/pipeline.ts";
import { stageScaffold } from "../../../src/commands/new/stage.ts";
import { writeFiles } from "../../../src/commands/new/write-files.ts";
import { runTestFile } from "../../../src/commands/test/run-file.ts";
import { declaredFiles } from "../../../src/config/declared.ts";
import { loadPipeline } from "../../../src/config/load.ts";
import { realOutside } from "../../../src/config/outside.ts";
import { problemLine } from "../../../src/config/problem.ts";
import { registry } from "../../../src/registry.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-new-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(["pubsub", "file"] as const)("a new pipeline from %s is valid as it is written", async (source) => {
  const inside = join(folder, source);
  const said = await writeFiles(await pipelineScaffold({ name: "my-events", source, folder: inside }));
  expect(said.slice(0, 3)).toEqual(
    ["my-events.yaml", "destinations.yaml", "enablement.yaml"].map((name) => `wrote ${join(inside, name)}`),
  );
  const result = await loadPipeline(resolve(inside, "my-events.yaml"), {
    registry,
    declared: declaredFiles,
    outside: realOutside({ SEGMENT_WRITE_KEY: "a-write-key" }),
  });
  expect("problems" in result ? result.problems.map(problemLine) : []).toEqual([]);
  const tested = await runTestFile(join(inside, "my-events.test.yaml"));
  expect("cases" in tested && tested.cases.map(({ differences }) => differences)).toEqual([[]]);
});

test("what is there is never overwritten, and then nothing is written", async () => {
  const inside = join(folder, "there");
  await mkdir(inside);
  await writeFile(join(inside, "mine.yaml"), "mine");
  const scaffold = await pipelineScaffold({ name: "mine", source: "file", folder: inside });
  await expect(writeFiles(scaffold)).rejects.toThrow("mine.yaml is there already; choose another name");
  expect(await readFile(join(inside, "mine.yaml"), "utf8")).toBe("mine");
  await expect(readFile(join(inside, "enablement.yaml"))).rejects.toThrow("ENOENT");
});

test("the destinations and the enablement that are there are kept", async () => {
  const inside = join(folder, "kept");
  await mkdir(inside);
  await writeFile(join(inside, "destinations.yaml"), "destinations: []");
  const { files } = await pipelineScaffold({ name: "one", source: "file", folder: inside });
  expect([...files.keys()]).toEqual([join(inside, "one.yaml"), join(inside, "enablement.yaml")]);
});

describe("a new stage", () => {
  test("is a file, a test and one line and one import in the registry", async () => {
    const { files, changes } = await stageScaffold("mark-region");
    expect([...files.keys()]).toEqual([
      "src/transforms/mark-region.ts",
      "test/transforms/mark-region.test.ts",
    ]);
    const before = (await readFile("src/registry.ts", "utf8")).split("\n");
    const after = changes.get("src/registry.ts")!.split("\n");
    expect(after).toContain('import markRegion from "./transforms/mark-region.ts";');
    expect(after).toContain("    markRegion,");
    expect(after).toHaveLength(before.length + 2);
  });

  test("is refused when there is one of that name", async () => {
    await expect(stageScaffold("filter")).rejects.toThrow("has a stage filter already");
  });
});
