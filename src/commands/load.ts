// Loading for commands: every problem of every file is shown at once, then the command ends with exit code 2.

import { declaredFiles } from "../config/declared.ts";
import { type LoadedPipeline, type LoadOptions, loadPipeline } from "../config/load.ts";
import { realOutside } from "../config/outside.ts";
import { problemLine } from "../config/problem.ts";
import { formatProblems } from "../config/report.ts";
import type { FilesRead } from "./run/files-read.ts";
import { registry } from "../registry.ts";

export type LoadExtras = Pick<LoadOptions, "replaceSource" | "replaceSink"> & {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** In place of the disk and `env`. */
  readonly outside?: LoadOptions["outside"];
  /** One for each file: notes what it is made of. */
  readonly watching?: readonly FilesRead[];
  /** Warnings were told by somebody else. */
  readonly quiet?: boolean;
};

/** undefined: there were problems, and they were printed to stderr. */
export async function loadOrExplain(
  files: readonly string[],
  extras: LoadExtras = {},
): Promise<LoadedPipeline[] | undefined> {
  const loaded: LoadedPipeline[] = [];
  let problems = 0;
  for (const [i, file] of files.entries()) {
    const { env = process.env, outside = realOutside(env), watching, quiet, ...replacements } = extras;
    const result = await loadPipeline(file, {
      registry,
      outside: watching?.[i]?.watching(outside) ?? outside,
      declared: declaredFiles,
      ...replacements,
    });
    if ("pipeline" in result) {
      loaded.push(result.pipeline);
      for (const warning of quiet ? [] : result.warnings) process.stderr.write(`${problemLine(warning)}\n`);
    } else {
      problems += result.problems.length;
      const color = process.stderr.isTTY && !process.env["NO_COLOR"];
      const text = formatProblems(result.problems, { format: "text", color, sources: result.sources });
      process.stderr.write(`${text}\n`);
    }
  }
  if (problems === 0) return loaded;
  process.stderr.write(`${problems} ${problems === 1 ? "problem" : "problems"}; nothing was started.\n`);
  return undefined;
}
