// A test file from its text to the outcome of each case.

import { dirname, join, resolve } from "node:path";

import { checkDeclared } from "../../config/check-declared.ts";
import { type DeclaredFile, declaredFiles } from "../../config/declared.ts";
import { type LoadedPipeline, loadPipeline } from "../../config/load.ts";
import { type Outside, realOutside } from "../../config/outside.ts";
import { type Span, toPointer } from "../../config/positions.ts";
import { inOrder, type Problem } from "../../config/problem.ts";
import { SecretScrubber } from "../../config/scrubber.ts";
import { Sources } from "../../config/sources.ts";
import { declaredTest, type TestFile } from "../../config/test-file.ts";
import { YamlFile } from "../../config/yaml-file.ts";
import { registry } from "../../registry.ts";
import { placeholderSecrets } from "../placeholder-secrets.ts";
import { type Difference, differences } from "./compare.ts";
import { givenRecords } from "./given-records.ts";
import { type Outcome, runCase } from "./run-case.ts";

export interface PlacedDifference extends Difference {
  readonly at: Pick<Span, "line" | "col">;
}

export interface CaseResult {
  readonly name: string;
  readonly at: Pick<Span, "line" | "col">;
  /** Empty: it passed. */
  readonly differences: readonly PlacedDifference[];
  readonly outcome: Outcome;
  /** Whether it expects anything at all. */
  readonly isEmpty: boolean;
  /** Real time. */
  readonly tookMs: number;
}

export type FileResult =
  | { readonly cases: readonly CaseResult[]; readonly pipeline: string }
  | { readonly problems: readonly Problem[]; readonly sources: Sources };

/** Never rejects for what the files hold. */
export async function runTestFile(
  name: string,
  nowMs: () => number = () => performance.now(),
): Promise<FileResult> {
  const scrubber = new SecretScrubber();
  const sources = new Sources(scrubber);
  const path = resolve(name);
  const baseDir = dirname(path);
  const outside = realOutside({});
  const file = await YamlFile.read({ name, path, maxBytes: declaredTest.maxBytes }, outside, sources);
  const checked = await checkDeclared(file, declaredTest, { outside, baseDir, scrubber });
  const refused = () => ({ problems: inOrder(file.problems), sources });
  if (!checked) return refused();
  // `checkDeclared` gives what the schema of `declaredTest` let through.
  const test = checked.value as TestFile;
  const given = await Promise.all(
    test.cases.map((one, i) => givenRecords(one, i, { file, baseDir, outside })),
  );
  if (file.problems.length > 0) return refused();
  const pipelineName = join(dirname(name), test.pipeline);
  const loaded = await loadPipeline(pipelineName, {
    registry,
    declared: declaredFiles,
    outside: realOutside(placeholderSecrets(test.env)),
    replaceSource: { option: "given", value: { type: "memory", values: [] } },
  });
  if ("problems" in loaded) return loaded;
  const world = { name, baseDir, scrubber, sources };
  const pipeline = await withReplacements(loaded.pipeline, test, world);
  if ("problems" in pipeline) return pipeline;
  const cases: CaseResult[] = [];
  for (const [i, one] of test.cases.entries()) {
    const startedMs = nowMs();
    const outcome = await runCase(pipeline, one, given[i]!);
    const placed = differences(one.expect, outcome).map((found) => ({
      ...found,
      at: file.place(toPointer(["cases", i, "expect", ...found.path])),
    }));
    cases.push({
      ...{ name: one.name, at: file.place(toPointer(["cases", i, "name"])), differences: placed, outcome },
      isEmpty: Object.keys(one.expect).length === 0,
      tookMs: nowMs() - startedMs,
    });
  }
  return { cases, pipeline: pipelineName };
}

interface TestWorld {
  readonly name: string;
  readonly baseDir: string;
  readonly scrubber: SecretScrubber;
  readonly sources: Sources;
}

/** The destinations and flags of the test file take the place of the pipeline's. */
async function withReplacements(
  pipeline: LoadedPipeline,
  { env, destinations, enablement }: TestFile,
  world: TestWorld,
): Promise<LoadedPipeline | { readonly problems: readonly Problem[]; readonly sources: Sources }> {
  const problems: Problem[] = [];
  const outside = realOutside(placeholderSecrets(env));
  const read = async <T>(path: string | undefined, declared: DeclaredFile<T>): Promise<T | undefined> => {
    if (path === undefined) return undefined;
    const file = await readDeclared(path, declared, outside, world);
    problems.push(...file.problems);
    return file.value;
  };
  const receivers = await read(destinations, declaredFiles.destinations);
  const flags = await read(enablement, declaredFiles.enablement);
  if (problems.length > 0) return { problems: inOrder(problems), sources: world.sources };
  const { enablementFrom, ...rest } = pipeline;
  const kept = flags || enablementFrom === undefined ? rest : pipeline;
  return { ...kept, destinations: receivers ?? kept.destinations, enablement: flags ?? kept.enablement };
}

async function readDeclared<T>(
  path: string,
  declared: DeclaredFile<T>,
  outside: Outside,
  { name, baseDir, scrubber, sources }: TestWorld,
): Promise<{ problems: readonly Problem[]; value: T | undefined }> {
  const from = { name: join(dirname(name), path), path: resolve(baseDir, path), maxBytes: declared.maxBytes };
  const file = await YamlFile.read(from, outside, sources);
  const checked = await checkDeclared(file, declared, { outside, baseDir: dirname(from.path), scrubber });
  return { problems: file.problems, value: checked ? declared.build(checked.value) : undefined };
}
