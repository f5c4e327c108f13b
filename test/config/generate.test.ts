// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are written like this.

import { readdirSync, readFileSync } from "node:fs";

import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";

import { editorSchema } from "../../src/config/editor-schema.ts";
import { generatedFiles, README } from "../../src/config/generate.ts";
import { registry } from "../../src/registry.ts";

test.each([...generatedFiles(registry, readFileSync(README, "utf8"))])(
  "%s is fresh (make docs remakes it)",
  (path, content) => {
    // Not compared by the test runner: its diff of two files of this size helps nobody.
    expect(readFileSync(path, "utf8") === content, `${path} is stale; run: make docs`).toBe(true);
  },
);

test("a README without the two marks is refused", () => {
  expect(() => generatedFiles(registry, "# Pipelines")).toThrow("pipelines/README.md needs the two lines");
});

describe("the editor schema", () => {
  const ajv = new Ajv({
    allErrors: true,
    strict: true,
    strictRequired: false,
    strictTypes: false,
    allowUnionTypes: true,
  });
  ajv.addVocabulary(["markdownEnumDescriptions"]);
  const validate = ajv.compile(editorSchema(registry));
  const right = readFileSync("pipelines/launchdarkly-to-segment.yaml", "utf8");
  const errorsOf = (text: string) => {
    validate(parse(text));
    return (validate.errors ?? []).map(({ instancePath, keyword }) => `${instancePath} ${keyword}`);
  };

  const pipelines = readdirSync("pipelines").filter((name) => /-to-[^.]*\.yaml$/.test(name));
  test.each(pipelines)("takes pipelines/%s", (name) => {
    expect(errorsOf(readFileSync(`pipelines/${name}`, "utf8"))).toEqual([]);
  });

  test("takes references where numbers, booleans and choices belong", () => {
    const text = right.replace("type: avro-decode", "type: avro-decode\n    encoding: ${ENCODING}");
    expect(errorsOf(`${text}drainMs: \${DRAIN:-5000}\ninFlight: {records: "\${N}"}\n`)).toEqual([]);
  });

  test.each([
    ["an unknown key", `${right}transfroms: []\n`, " additionalProperties"],
    ["an unknown stage", right.replace("type: pubsub", "type: pubsup"), "/source/type enum"],
    [
      "an unknown key of a stage",
      right.replace("type: pubsub", "type: pubsub\n  endpont: x"),
      "/source additionalProperties",
    ],
    ["a text for a number", `${right}drainMs: soon\n`, "/drainMs type"],
    ["a missing key of a stage", right.replace(/^ {2}subscription: .*\n/m, ""), "/source required"],
    ["a missing key", right.replace(/^name: .*\n/m, ""), " required"],
  ])("marks %s", (_, text, error) => {
    expect(errorsOf(text)).toContain(error);
  });

  test("describes every stage and every key", () => {
    const { definitions } = editorSchema(registry) as {
      definitions: Record<
        string,
        { properties?: Record<string, { description?: string }>; description?: string }
      >;
    };
    for (const [name, { description, properties = {} }] of Object.entries(definitions)) {
      expect([name, description]).toEqual([name, expect.any(String)]);
      for (const [key, inner] of Object.entries(properties)) {
        expect([name, key, inner.description]).toEqual([name, key, expect.any(String)]);
      }
    }
  });

  test("has nothing of our own in it", () => {
    expect(JSON.stringify(editorSchema(registry))).not.toMatch(/"x-/);
  });
});
