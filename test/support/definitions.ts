// A world of files in memory, and a small right pipeline to break.

import { declaredFiles } from "../../src/config/declared.ts";
import { loadPipeline } from "../../src/config/load.ts";
import type { LoadedPipeline, LoadOptions, LoadResult } from "../../src/config/load.ts";
import { FileTooLarge } from "../../src/config/outside.ts";
import type { Outside } from "../../src/config/outside.ts";
import { problemLine } from "../../src/config/problem.ts";
import { testRegistry } from "./test-registry.ts";

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Paths are absolute. */
export function inMemory(files: Files, env: Outside["env"] = {}): Outside {
  return {
    env,
    readFile: async (path, maxBytes) => {
      const content = files[path];
      if (content === undefined) throw Object.assign(new Error(`ENOENT ${path}`), { code: "ENOENT" });
      const bytes = Buffer.from(content);
      if (bytes.length > maxBytes) throw new FileTooLarge(bytes.length, maxBytes);
      return bytes;
    },
  };
}

const rightLines = [
  "name: demo", //                                    1
  "source:", //                                       2
  "  type: queue", //                                 3
  "  subscription: projects/p/subscriptions/s", //    4
  "transforms:", //                                   5
  "  - type: decode", //                              6
  "  - type: segment-event", //                       7
  "sink:", //                                         8
  "  type: send", //                                  9
  "deadLetters:", //                                 10
  "  type: file", //                                 11
  "  directory: dead", //                            12
];

/** The right pipeline with some lines (1-based) replaced; an empty text takes a line out. */
export function pipelineText(edits: Readonly<Record<number, string>> = {}): string {
  return rightLines
    .flatMap((line, i) => {
      const edit = edits[i + 1];
      return edit === undefined ? [line] : edit === "" ? [] : [edit];
    })
    .join("\n");
}

export const destinationsText = `destinations:
  - id: production
    environment: 5d4b12345d2a2806bd2cc6eb
    config:
      writeKey: \${SEGMENT_WRITE_KEY}
`;

export const enablementText = `environments:
  - environment: 5d4b12345d2a2806bd2cc6eb
    flags: [checkout]
`;

export const WRITE_KEY = "wk-canary-7f3a91";

export interface Given extends Partial<Pick<LoadOptions, "replaceSource" | "replaceSink" | "registry">> {
  readonly text?: string;
  readonly files?: Files;
  readonly env?: Outside["env"];
}

/** Loads `/p/demo.yaml`; destinations and enablement stand beside it unless `files` says otherwise. */
export function load({
  text = pipelineText(),
  files = {},
  env = {},
  ...options
}: Given): Promise<LoadResult> {
  const beside = { "/p/destinations.yaml": destinationsText, "/p/enablement.yaml": enablementText };
  return loadPipeline("/p/demo.yaml", {
    registry: testRegistry,
    declared: declaredFiles,
    outside: inMemory(
      { ...beside, "/p/demo.yaml": text, ...files },
      { SEGMENT_WRITE_KEY: WRITE_KEY, ...env },
    ),
    ...options,
  });
}

/** What a person would read, without the folder. */
export async function problemsOf(given: Given): Promise<string[]> {
  const result = await load(given);
  return "problems" in result
    ? result.problems.map((one) => problemLine(one).replace("/p/demo.yaml:", ""))
    : [];
}

/** Fails with the problems when there are any. */
export async function loaded(given: Given = {}): Promise<LoadedPipeline> {
  const result = await load(given);
  if ("problems" in result) throw new Error(result.problems.map(problemLine).join("\n"));
  return result.pipeline;
}
