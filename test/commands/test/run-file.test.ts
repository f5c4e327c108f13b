import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";

import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { parse } from "yaml";

import { pathText, show } from "../../../src/commands/test/report.ts";
import { type PlacedDifference, runTestFile } from "../../../src/commands/test/run-file.ts";
import { runTests } from "../../../src/commands/test/run-tests.ts";
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
      : result.cases.flatMap(({ differences }) => differences.map(told));
  };
  const told = ({ path, kind, want, got, at }: PlacedDifference) =>
    kind === "failed" ? String(got) : `${at.line}:${at.col} ${pathText(path)}: ${show(want)} ${show(got)}`;

  test("with mistakes says all of them, with their places, and runs nothing", async () => {
    expect(await run("  - name: x\n    given: [{json: 1, text: x}, {}]\n    expect: {aked: 1}\n")).toEqual([
      '5:14 unknown-key "cases[0].expect" has no key "aked" (did you mean acked?)',
    ]);
    expect(await run("  - name: x\n    given: [{json: 1, text: x}, {}]\n    expect: {}\n")).toEqual([
      "4:13 bad-record a record needs one of json, text, base64, avro and file; this one has json and text",
      "4:33 bad-record a record needs one of json, text, base64, avro and file; this one has none of them",
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

  test("takes events in Avro, bare and with a fingerprint, by our schema or another", async () => {
    const value = event;
    const schema = relative(folder, resolve("schemas/launchdarkly/export-event.avsc"));
    expect(
      await run(`  - name: x
    given:
      - avro: {value: ${value}}
      - avro: {value: ${value}, encoding: single-object, schema: ${schema}}
    expect: {events: [{event: custom}, {event: custom}], acked: 2, deadLetters: {}}
`),
    ).toEqual([]);
    await writeFile(
      join(folder, "own.avsc"),
      JSON.stringify({
        type: "record",
        name: "Own",
        fields: [
          { name: "project", type: "string" },
          { name: "environment", type: "string" },
          { name: "event", type: ["null", { type: "map", values: ["string", "long"] }] },
        ],
      }),
    );
    const own = `{schema: own.avsc, encoding: single-object, value: {project: p, environment: e, event: {kind: custom, creationDate: 1}}}`;
    expect(
      await run(
        `  - name: x\n    given: [{avro: ${own}}]\n    expect: {deadLetters: {avro-unknown-fingerprint: 1}}\n`,
      ),
    ).toEqual([]);
  });

  test("says where a value does not fit its schema, and where a file is missing", async () => {
    expect(
      await run(`  - name: x
    given:
      - avro: {value: {project: 1}}
      - avro: {schema: absent.avsc, value: 1}
      - file: absent-*.ndjson
      - base64: "?"
    expect: {}
`),
    ).toEqual(["8:17 bad-record the text is not Base64"]);
    const said = await run(`  - name: x
    given:
      - avro: {value: {project: 1}}
      - avro: {schema: absent.avsc, value: 1}
      - file: absent-*.ndjson
    expect: {}
`);
    expect(said.map((line) => line.replace(folder, "DIR"))).toEqual([
      "5:15 avro-value the value does not fit the schema: project and environment must be texts",
      "6:15 unreadable-file the schema cannot be read: there is no such file",
      '7:15 no-files No file matches "absent-*.ndjson" below DIR. Check the path, and quote a glob on a command line so that the shell leaves it alone.',
    ]);
  });

  test("takes the entries of a file as a backfill would, with their attributes", async () => {
    const line = JSON.stringify(parse(event));
    await writeFile(join(folder, "some.ndjson"), `${line}\n${line.replace('"i"', '"j"')}\n`);
    expect(
      await run(
        `  - name: x\n    given: [{file: some.ndjson, times: 2}]\n    expect: {delivered: 4, acked: 4}\n`,
      ),
    ).toEqual([]);
  });

  test("holds the limiter to its rate, and gives records at their time", async () => {
    expect(
      await run(`  - name: x
    startsAt: 2026-05-01T10:00:00Z
    given: [{json: ${event}, times: 2000}, {json: ${event}, atMs: 60000}]
    expect:
      limiter: {segment-production: {mostEventsPerSecond: 900, mostRequestsPerSecond: 92}}
      drops: {x: 1}
`),
    ).toEqual([expect.stringMatching(/drops.x: 1 0$/)]);
    expect(
      await run(`  - name: x
    startsAt: 2026-05-01T10:00:00Z
    given: [{json: ${event}}, {json: ${event}, atMs: 60000}]
    segment: [{status: 429, retryAfter: "Fri, 01 May 2026 10:00:20 GMT"}, {afterMs: 10001}, {status: 503, cut: after-status}]
    expect:
      requests:
        - {atMs: 0, status: 429, body: {sentAt: "2026-05-01T10:00:00.000Z"}}
        - {notBeforeMs: 20000, status: 0}
        - {notBeforeMs: 30000, status: 503}
        - {status: 200}
        - {atMs: 60000, status: 200, destination: segment-production, body: {context: {library: {version: test}}}}
`),
    ).toEqual([]);
  });

  test("is rewritten by --update, comments kept, and passes then", async () => {
    const path = join(folder, "update.test.yaml");
    const head = `pipeline: ${relative(folder, PIPELINE)}\ncases:\n`;
    await writeFile(
      path,
      `${head}  - name: x # kept\n    given: [{json: ${event}}]\n    expect: {acked: 5} # all\n`,
    );
    const printed = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    try {
      expect(await runTests([path], { update: true, format: "text" })).toBe(0);
      expect(printed.mock.calls.at(-1)).toEqual(["1 passed, 0 failed, 1 updated\n"]);
    } finally {
      printed.mockRestore();
    }
    expect(await readFile(path, "utf8")).toBe(
      `${head}  - name: x # kept\n    given: [{json: ${event}}]\n    expect: {acked: 1} # all\n`,
    );
  });

  test("puts its own flags and destinations in the place of the pipeline's", async () => {
    await writeFile(join(folder, "none.yaml"), "environments: []\n");
    const path = join(folder, "own.test.yaml");
    await writeFile(
      path,
      `pipeline: ${relative(folder, PIPELINE)}\nenablement: none.yaml\ncases:\n  - name: x\n    given: [{json: ${event}}]\n    expect: {drops: {environment-not-enabled: 1}}\n`,
    );
    const result = await runTestFile(path);
    expect("cases" in result && result.cases[0]!.differences).toEqual([]);
    await writeFile(path, (await readFile(path, "utf8")).replace("none.yaml", "absent.yaml"));
    const refused = await runTestFile(path);
    expect("problems" in refused && refused.problems.map(({ code }) => code)).toEqual(["unreadable-file"]);
  });
});
