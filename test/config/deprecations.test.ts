// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are written like this.

import Type from "typebox";
import { expect, test } from "vitest";

import { plainEditorSchema } from "../../src/config/editor-schema.ts";
import { problemLine } from "../../src/config/problem.ts";
import { formatProblems } from "../../src/config/report.ts";
import { stageReference } from "../../src/config/stage-reference.ts";
import { validateFile } from "../../src/config/validate.ts";
import { declaredFiles } from "../../src/config/declared.ts";
import { defineTransform } from "../../src/engine/contracts.ts";
import { inMemory, load, pipelineText } from "../support/definitions.ts";
import { testRegistry } from "../support/test-registry.ts";

const config = Type.Object(
  {
    shape: Type.Optional(
      Type.String({ description: "Which form.", "x-deprecated": "since 0.2; use `form`" }),
    ),
    steps: Type.Array(
      Type.Object({
        by: Type.Optional(Type.String({ default: "key", "x-deprecated": "since 0.2; leave it out" })),
      }),
      { default: [] },
    ),
  },
  { additionalProperties: false },
);
const reshape = defineTransform({
  ...{ type: "reshape", summary: "Reshapes.", accepts: "bytes", emits: "bytes", config, example: {} },
  create: () => ({ apply: (value) => value }),
});
const registry = { ...testRegistry, transforms: [...testRegistry.transforms, reshape] };
const text = pipelineText({
  5: "transforms:\n  - type: reshape\n    shape: old\n    steps: [{}, {by: key}]",
});

test("a deprecated key is a warning with its place, and the pipeline loads", async () => {
  const result = await load({ text, registry });
  expect("pipeline" in result && result.warnings.map(problemLine)).toEqual([
    '/p/demo.yaml:7:5 deprecated-key warning: "shape" is deprecated: since 0.2; use `form`',
    '/p/demo.yaml:8:18 deprecated-key warning: "by" is deprecated: since 0.2; leave it out',
  ]);
});

test("a default that nobody wrote is no warning", async () => {
  const result = await load({
    registry,
    text: pipelineText({ 5: "transforms:\n  - type: reshape\n    steps: [{}]" }),
  });
  expect("pipeline" in result && result.warnings).toEqual([]);
});

test("validate tells it apart from problems, in every format", async () => {
  const files = {
    "/p/demo.yaml": text,
    "/p/destinations.yaml": "destinations: []",
    "/p/enablement.yaml": "environments: []",
  };
  const { problems, warnings } = await validateFile("/p/demo.yaml", {
    ...{ registry, declared: declaredFiles, outside: inMemory(files) },
  });
  expect(problems).toEqual([]);
  expect(formatProblems(warnings, { format: "github" })).toMatch(/^::warning file=\/p\/demo.yaml,line=7,/);
  expect(JSON.parse(formatProblems(warnings, { format: "sarif" })).runs[0].results[0].level).toBe("warning");
  expect(JSON.parse(formatProblems(warnings, { format: "json" })).problems[0].severity).toBe("warning");
});

test("editors strike it out, and the reference says so", () => {
  expect(plainEditorSchema(config).properties?.["shape"]).toMatchObject({
    ...{ deprecated: true, deprecationMessage: "since 0.2; use `form`" },
  });
  expect(stageReference(registry)).toContain("**Deprecated:** since 0.2; use `form`. Which form.");
});
