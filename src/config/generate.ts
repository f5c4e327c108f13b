// Files that are made from the definitions. `scripts/generate.mjs` writes them; a test keeps them fresh.

import { editorSchema, plainEditorSchema } from "./editor-schema.ts";
import { METRICS_PAGE, metricsReference } from "./metrics-reference.ts";
import type { Registry } from "./registry.ts";
import { stageIndex, stagePage, stageReference } from "./stage-reference.ts";
import { testFile } from "./test-file.ts";

export const README = "pipelines/README.md";
export const EDITOR_SCHEMA = "schemas/pipeline.schema.json";
export const TEST_SCHEMA = "schemas/pipeline-test.schema.json";

export const STAGE_INDEX = "docs/stages/README.md";

const BEGIN = "<!-- Below: made by `make docs` from the definitions in src. Edits are lost. -->";
const END = "<!-- Above: made by `make docs`. -->";

/** Path from the project's folder -> content. `readme` is the README as it is; only its generated part changes. */
export function generatedFiles(registry: Registry, readme: string): Map<string, string> {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin === -1 || end < begin) throw new Error(`${README} needs the two lines ${BEGIN} and ${END}`);
  const reference = `${BEGIN}\n\n${stageReference(registry)}\n`;
  return new Map([
    [EDITOR_SCHEMA, `${JSON.stringify(editorSchema(registry), null, 2)}\n`],
    [TEST_SCHEMA, `${JSON.stringify(plainEditorSchema(testFile), null, 2)}\n`],
    [METRICS_PAGE, metricsReference()],
    [STAGE_INDEX, stageIndex(registry)],
    ...[...registry.sources, ...registry.transforms, ...registry.sinks].map(
      (stage) => [`docs/stages/${stage.role}-${stage.type}.md`, stagePage(stage)] as const,
    ),
    [README, readme.slice(0, begin) + reference + readme.slice(end)],
  ]);
}
