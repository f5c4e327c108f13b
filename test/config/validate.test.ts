// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are written like this.

import { describe, expect, test } from "vitest";

import { declaredFiles } from "../../src/config/declared.ts";
import { readRegularFile, realOutside } from "../../src/config/outside.ts";
import { problemLine } from "../../src/config/problem.ts";
import { validateFile } from "../../src/config/validate.ts";
import { registry } from "../../src/registry.ts";
import {
  destinationsText,
  enablementText,
  inMemory,
  pipelineText,
  WRITE_KEY,
} from "../support/definitions.ts";
import { testRegistry } from "../support/test-registry.ts";

async function validated(text: string, env: Record<string, string> = { SEGMENT_WRITE_KEY: WRITE_KEY }) {
  const outside = inMemory(
    { "/p/x.yaml": text, "/p/destinations.yaml": destinationsText, "/p/enablement.yaml": enablementText },
    env,
  );
  const result = await validateFile("/p/x.yaml", {
    registry: testRegistry,
    declared: declaredFiles,
    outside,
  });
  return [result.kind, ...result.problems.map(problemLine)];
}

describe("a file is checked as what it is", () => {
  test.each([
    ["pipeline", pipelineText()],
    ["destinations", destinationsText],
    ["enablement", enablementText],
  ])("%s", async (kind, text) => {
    expect(await validated(text)).toEqual([kind]);
    expect(await validated(`${text.trimEnd()}\nunkown: 1`)).toEqual([
      kind,
      expect.stringContaining("unknown-key"),
    ]);
  });

  test("an unset key of a destination is a problem of the destinations", async () => {
    expect(await validated(destinationsText, {})).toEqual([
      "destinations",
      "/p/x.yaml:5:17 unset-variable the environment variable SEGMENT_WRITE_KEY is not set; set it, or write ${SEGMENT_WRITE_KEY:-default}",
    ]);
  });

  test("what is nothing of these is checked as a pipeline", async () => {
    expect(await validated("- 1")).toEqual([
      "pipeline",
      "/p/x.yaml:1:1 wrong-type the pipeline must be a map, not a list",
    ]);
  });
});

test.each(["launchdarkly-to-segment", "json-to-segment", "destinations", "enablement"])(
  "pipelines/%s.yaml is right",
  async (name) => {
    const outside = realOutside({ SEGMENT_WRITE_KEY: WRITE_KEY });
    const { problems } = await validateFile(`pipelines/${name}.yaml`, {
      registry,
      declared: declaredFiles,
      outside,
    });
    expect(problems.map(problemLine)).toEqual([]);
  },
);

describe("the Avro schema that a pipeline names", () => {
  const text = pipelineText({
    3: "  type: memory",
    4: "  values: []",
    6: "  - type: avro-decode\n    schema: a.avsc\n    writerSchemas: [b.avsc]",
    9: "  type: stdout",
    12: "  path: dead",
  });

  test.each([
    ["is not there", {}, 'unreadable-file "a.avsc": there is no such file'],
    ["is not JSON", { "/p/a.avsc": "record" }, 'bad-schema-file "a.avsc" is not an Avro schema: '],
    ["is not Avro", { "/p/a.avsc": '{"type":"recrod"}' }, 'bad-schema-file "a.avsc" is not an Avro schema: '],
  ])("%s", async (_, files, says) => {
    const beside = { "/p/x.yaml": text, "/p/b.avsc": '"string"', "/p/destinations.yaml": destinationsText };
    const outside = inMemory({ ...beside, ...files }, { SEGMENT_WRITE_KEY: WRITE_KEY });
    const { problems } = await validateFile("/p/x.yaml", { registry, declared: declaredFiles, outside });
    expect(problems.map(problemLine)).toEqual([expect.stringContaining(`/p/x.yaml:7:13 ${says}`)]);
  });
});

describe("reading", () => {
  test.each([
    ["a folder", "test", "EISDIR"],
    ["a device", "/dev/zero", "EINVAL"],
    ["nothing", "test/none", "ENOENT"],
  ])("%s is refused", async (_, path, code) => {
    await expect(readRegularFile(path, 10)).rejects.toMatchObject({ code });
  });

  test("a file above the limit is refused", async () => {
    await expect(readRegularFile("package.json", 10)).rejects.toThrow(/at most 10 are read/);
  });
});
