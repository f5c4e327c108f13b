import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { describe, expect, it } from "vitest";

import { segmentsAt, segmentsOfPipeline } from "../../../src/commands/dead-letters/find-segments.ts";
import { inSegments, rotating, segmentDefaults } from "../../../src/commands/dead-letter-files.ts";
import type { LoadedPipeline } from "../../../src/config/load.ts";
import fileSink from "../../../src/sinks/file/file.ts";
import pubsubSink from "../../../src/sinks/pubsub.ts";
import { tempFolder } from "../../support/temp-folder.ts";

function aPipeline(baseDir: string, config: object, definition = fileSink): LoadedPipeline {
  // Only what is looked at.
  return {
    file: "p.yaml",
    baseDir,
    name: "p",
    deadLetters: { definition, config },
  } as unknown as LoadedPipeline;
}

const names = (list: readonly { readonly path: string }[]) => list.map(({ path }) => basename(path));

describe("the segments of a pipeline", () => {
  it("are none when nothing was dead-lettered yet", async () => {
    const folder = await tempFolder();
    expect(await segmentsOfPipeline(aPipeline(folder, { path: "letters/" }))).toEqual([]);
    expect(await segmentsOfPipeline(aPipeline(folder, { path: "no/letters.ndjson" }))).toEqual([]);
  });

  it("cannot be looked for in a topic", async () => {
    const pipeline = aPipeline("/", { topic: "projects/p/topics/t" }, pubsubSink);
    await expect(segmentsOfPipeline(pipeline)).rejects.toThrow("go to pubsub, not to files");
  });

  it("are the lines files of a folder, in the order of writing, without marks", async () => {
    const folder = await tempFolder();
    await mkdir(join(folder, "letters", "sub.ndjson"), { recursive: true });
    for (const name of ["b.ndjson", "a.ndjson", "a.ndjson.redriven", "x.gz"])
      await writeFile(join(folder, "letters", name), "x");
    for (const path of ["letters/", "letters"])
      expect(names(await segmentsOfPipeline(aPipeline(folder, { path })))).toEqual(["a.ndjson", "b.ndjson"]);
  });

  it("are a single file and the rotated ones beside it, and no other file", async () => {
    const folder = await tempFolder();
    const rotated = "letters-20260101T000000Z-000001.ndjson";
    for (const name of ["letters.ndjson", rotated, "letters-of-others.ndjson", "other.ndjson"])
      await writeFile(join(folder, name), "x");
    const found = await segmentsOfPipeline(aPipeline(folder, { path: "letters.ndjson" }));
    expect(names(found)).toEqual([rotated, "letters.ndjson"]);
  });
});

describe("--from", () => {
  it("says which file is not there", async () => {
    await expect(segmentsAt(["/no/such/file"])).rejects.toThrow("there is no /no/such/file");
  });

  it("takes files of any name and folders, each file once", async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, "a.ndjson"), "x");
    await writeFile(join(folder, "old"), "x");
    const found = await segmentsAt([folder, join(folder, "old"), join(folder, "a.ndjson")]);
    expect(names(found)).toEqual(["a.ndjson", "old"]);
  });
});

describe("dead-letter files", () => {
  it("rotate by size and age in a folder, unless it says otherwise", async () => {
    const folder = await tempFolder();
    const { deadLetters } = aPipeline(folder, { path: "letters/", durable: true, rotateMs: 5_000 });
    expect((await rotating(deadLetters, folder)).config).toEqual({
      path: "letters/",
      durable: true,
      mode: "append",
      rotateBytes: segmentDefaults.rotateBytes,
      rotateMs: 5_000,
    });
    await mkdir(join(folder, "there"));
    const there = await rotating(aPipeline(folder, { path: "there" }).deadLetters, folder);
    expect(there.config).toMatchObject(segmentDefaults);
  });

  it("stay one file when the pipeline names one, but for a command that runs beside it", async () => {
    const { deadLetters } = aPipeline("/", { path: "letters.ndjson" });
    expect(await rotating(deadLetters, "/no-such-folder")).toBe(deadLetters);
    expect(inSegments(deadLetters).config).toMatchObject({ path: "letters.ndjson", ...segmentDefaults });
  });
});
