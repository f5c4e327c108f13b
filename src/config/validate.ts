// Checks any of the YAML files in the data engineers' folder by what is in it: a pipeline, its tests, destinations or
// enablement.

import { dirname, resolve } from "node:path";

import { checkDeclared, isPrivate } from "./check-declared.ts";
import { loadPipeline } from "./load.ts";
import type { LoadOptions } from "./load.ts";
import type { Outside } from "./outside.ts";
import { inOrder } from "./problem.ts";
import type { Problem } from "./problem.ts";
import { SecretScrubber } from "./scrubber.ts";
import { Sources } from "./sources.ts";
import { isMap } from "./stages.ts";
import { declaredTest } from "./test-file.ts";
import { YamlFile } from "./yaml-file.ts";

export type FileKind = "pipeline" | "destinations" | "enablement" | "test";

export interface Validated {
  readonly kind: FileKind;
  /** Empty: the file and every file it names are right. */
  readonly problems: readonly Problem[];
  /** What will be one, some day: deprecated keys. */
  readonly warnings: readonly Problem[];
  readonly sources: Sources;
}

const LARGEST_FILE = 4 * 1024 * 1024;

/** What `sluice validate` says about one file. */
export async function validateFile(name: string, options: LoadOptions): Promise<Validated> {
  const scrubber = new SecretScrubber();
  const sources = new Sources(scrubber);
  const path = resolve(name);
  const { enablement } = options.declared;
  const file = await YamlFile.read({ name, path, maxBytes: enablement.maxBytes }, options.outside, sources);
  const kind = kindOf(file.value);
  if (kind === "pipeline") {
    const result = await loadPipeline(name, options);
    const found =
      "problems" in result
        ? { problems: result.problems, warnings: [] }
        : { problems: [], warnings: result.warnings };
    return { kind, ...found, sources: result.sources };
  }
  const declared = kind === "test" ? declaredTest : options.declared[kind];
  if (isPrivate(declared)) sources.hide(name);
  const context = { outside: options.outside, baseDir: dirname(path), scrubber };
  await checkDeclared(file, declared, context);
  return { kind, problems: inOrder(file.problems), warnings: inOrder(file.warnings), sources };
}

/** What a file is, by what is in it; what cannot be read as YAML is taken for a pipeline. */
export async function kindOfFile(name: string, outside: Outside): Promise<FileKind> {
  const from = { name, path: resolve(name), maxBytes: LARGEST_FILE };
  return kindOf((await YamlFile.read(from, outside, new Sources(new SecretScrubber()))).value);
}

function kindOf(value: unknown): FileKind {
  if (!isMap(value) || "source" in value || "sink" in value || "sinks" in value) return "pipeline";
  if (Array.isArray(value["cases"])) return "test";
  return Array.isArray(value["destinations"])
    ? "destinations"
    : "environments" in value
      ? "enablement"
      : "pipeline";
}
