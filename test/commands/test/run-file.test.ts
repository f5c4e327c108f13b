import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { runTestFile } from "../../../src/commands/test/run-file.ts";
import { problemLine } from "../../../src/config/problem.ts";

const shipped = (await readdir("pipelines")).filter((name) => name.endsWith(".test.yaml"));

test.each(shipped)("pipelines/%s passes", async (name) => {
  const result = await runTestFile(join("pipelines", name));
  if ("problems" in result) throw new Error(result.problems.map(problemLine).join("\n"));
  expect(result.cases.filter(({ differences }) => differences.length > 0)).toEqual([]);
  expect(result.cases.length).toBeGreaterThan(0);
});

describe("a test file", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-test-file-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const PIPELINE = resolve("pipelines/launchdarkly-to-segment.yaml");
  const event = `{project: p, environment: 5d4b12345d2a2806bd2cc6eb, event: {kind: custom, key: k, id: i, creationDate: 1, contextKeys: {user: a}}}`;
  const run = async (cases: string) => {
    const path = join(folder, "one.test.yaml");
    await writeFile(path, `pipeline: ${relative(folder, PIPELINE)}\ncases:\n${cases}`);
    const result = await runTestFile(path);
    return "problems" in result
      ? result.problems.map((one) => problemLine(one).replace(`${path}:`, ""))
      : result.cases.flatMap(({ differences }) => differences);
  };

  test("with mistakes says all of them, with their places, and runs nothing", async () => {
    expect(await run("  - name: x\n    given: [{json: 1, text: x}, {}]\n    expect: {aked: 1}\n")).toEqual([
      '5:14 unknown-key "cases[0].expect" has no key "aked" (did you mean acked?)',
    ]);
    expect(await run("  - name: x\n    given: [{json: 1, text: x}, {}]\n    expect: {}\n")).toEqual([
      "4:13 bad-record a record needs one of json, text and base64; this one has json and text",
      "4:33 bad-record a record needs one of json, text and base64; this one has none of them",
    ]);
  });

  test("whose run can never end says so instead of hanging", async () => {
    const [first] = await run(
      `  - name: x\n    given: [{json: ${event}}]\n    segment: [{status: 401, times: 1000}, {status: 401, times: 1000}]\n    expect: {}\n`,
    );
    expect(first).toMatch(/^the run does not end|^\d+ records were given back/);
  });

  test("gives the same outcome every time, to the millisecond", async () => {
    const cases = `  - name: x\n    given: [{json: ${event}, times: 3}]\n    segment: [{status: 503, times: 4}]\n    expect: {requests: [{atMs: -0}]}\n`;
    expect(await run(cases)).toEqual(await run(cases));
  });

  test("uses no real environment variable", async () => {
    process.env["SLUICE_DEAD_LETTERS"] = "/nowhere/at/all";
    try {
      expect(
        await run(`  - name: x\n    given: [{text: "{"}]\n    expect: {deadLetters: {json-invalid: 1}}\n`),
      ).toEqual([]);
    } finally {
      delete process.env["SLUICE_DEAD_LETTERS"];
    }
  });
});
