import { dirname, join, resolve } from "node:path";

import { checkDeclared } from "../../config/check-declared.ts";
import { declaredFiles } from "../../config/declared.ts";
import { loadPipeline } from "../../config/load.ts";
import { realOutside } from "../../config/outside.ts";
import { inOrder, type Problem } from "../../config/problem.ts";
import { SecretScrubber } from "../../config/scrubber.ts";
import { Sources } from "../../config/sources.ts";
import { declaredTest, type TestFile } from "../../config/test-file.ts";
import { YamlFile } from "../../config/yaml-file.ts";
import { registry } from "../../registry.ts";
import { placeholderSecrets } from "../placeholder-secrets.ts";
import { differences } from "./compare.ts";
import { runCase } from "./run-case.ts";

export interface CaseResult {
  readonly name: string;
  /** Empty: it passed. */
  readonly differences: readonly string[];
}

export type FileResult =
  | { readonly cases: readonly CaseResult[] }
  | { readonly problems: readonly Problem[]; readonly sources: Sources };

/** Never rejects for what the files hold. */
export async function runTestFile(name: string): Promise<FileResult> {
  const scrubber = new SecretScrubber();
  const sources = new Sources(scrubber);
  const path = resolve(name);
  const outside = realOutside({});
  const file = await YamlFile.read({ name, path, maxBytes: declaredTest.maxBytes }, outside, sources);
  const checked = await checkDeclared(file, declaredTest, { outside, baseDir: dirname(path), scrubber });
  if (!checked) return { problems: inOrder(file.problems), sources };
  // `checkDeclared` gives what the schema of `declaredTest` let through.
  const { pipeline, env, cases } = checked.value as TestFile;
  const loaded = await loadPipeline(join(dirname(name), pipeline), {
    registry,
    declared: declaredFiles,
    outside: realOutside(placeholderSecrets(env)),
    replaceSource: { option: "given", value: { type: "memory", values: [] } },
  });
  if ("problems" in loaded) return loaded;
  const results: CaseResult[] = [];
  for (const one of cases) {
    results.push({
      name: one.name,
      differences: differences(one.expect, await runCase(loaded.pipeline, one)),
    });
  }
  return { cases: results };
}
