// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are written like this.

import { inspect } from "node:util";

import { describe, expect, test } from "vitest";

import { loadPipeline } from "../../src/config/load.ts";
import { declaredFiles } from "../../src/config/declared.ts";
import { problemLine } from "../../src/config/problem.ts";
import { Secret } from "../../src/config/secret.ts";
import {
  destinationsText,
  inMemory,
  load,
  loaded,
  pipelineText,
  problemsOf,
  WRITE_KEY,
} from "../support/definitions.ts";
import { testRegistry } from "../support/test-registry.ts";
import { brokenPipelines } from "./broken-pipelines.ts";

const CANARY = "Canary_9f3a77";
const SUBSCRIPTION = "  subscription: projects/p/subscriptions/s";

describe("a broken pipeline", () => {
  test.each(brokenPipelines)("with $title says what is wrong, where", async ({ edits, says }) => {
    const text = typeof edits === "string" ? edits : pipelineText(edits);
    expect(await problemsOf({ text, env: { EMPTY: "", LOTS: CANARY } })).toEqual(says);
  });

  test("that is not there is one problem", async () => {
    const result = await loadPipeline("/p/nope.yaml", {
      registry: testRegistry,
      declared: declaredFiles,
      outside: inMemory({}),
    });
    expect("problems" in result && result.problems.map(problemLine)).toEqual([
      "/p/nope.yaml:1:1 unreadable-file there is no such file",
    ]);
  });

  test("over 1 MiB is not parsed", async () => {
    const text = `${pipelineText()}\n# ${"x".repeat(1024 * 1024)}`;
    expect(await problemsOf({ text })).toEqual([
      expect.stringMatching(/^1:1 file-too-large \d+ bytes, at most 1048576 are read$/),
    ]);
  });

  test("that is not UTF-8 is refused", async () => {
    const files = { "/p/demo.yaml": Uint8Array.of(0x6e, 0xff, 0xfe) };
    expect(await problemsOf({ files })).toEqual(["1:1 not-utf8 the file is not UTF-8 text"]);
  });

  test("gives the end of what is wrong and its JSON pointer", async () => {
    const result = await load({
      text: pipelineText({ 4: `${SUBSCRIPTION}\n  batch: {count: 1000, "m/s": 5}` }),
    });
    expect("problems" in result && result.problems).toEqual([
      {
        file: "/p/demo.yaml",
        line: 5,
        col: 24,
        endLine: 5,
        endCol: 29,
        code: "unknown-key",
        message: '"batch" has no key "m/s"',
        suggestion: "ms",
        path: "/source/batch/m~1s",
      },
    ]);
  });

  test("reports a mistake in an aliased part once, where it is written", async () => {
    const text = pipelineText({
      6: "  - type: decode\n  - &k\n    type: keep-some\n    share: 7\n  - *k\n  - *k",
    });
    expect(await problemsOf({ text })).toEqual(['9:12 out-of-range "share" must be at most 1, not 7']);
  });
});

describe("a right pipeline", () => {
  test("has every default", async () => {
    const pipeline = await loaded();
    expect(pipeline.source.config).toEqual({
      subscription: "projects/p/subscriptions/s",
      ackDeadlineSeconds: 60,
      maxMessages: 1_000,
      keepalive: true,
      batch: { count: 100, ms: 50 },
    });
    expect(pipeline.inFlight).toEqual({ records: 10_000, bytes: 33_554_432 });
    expect(pipeline.drainMs).toBe(20_000);
    expect(pipeline.deadLetters.window).toEqual({ size: 1_000, max: 500 });
    expect(pipeline.deadLetters.config).toEqual({ directory: "dead" });
    expect(pipeline.baseDir).toBe("/p");
    expect(pipeline.transforms.map(({ definition }) => definition.type)).toEqual(["decode", "segment-event"]);
  });

  test("reads yes, no, on, off and dates as texts", async () => {
    const text = pipelineText({
      7: "  - type: keep-some\n    keys: [no, on, 2026-01-01]\n  - type: segment-event",
    });
    const pipeline = await loaded({ text });
    expect(pipeline.transforms[1]?.config).toMatchObject({ keys: ["no", "on", "2026-01-01"] });
  });

  test("may use anchors and aliases", async () => {
    const text = pipelineText({
      6: "  - type: decode\n  - type: keep-some\n    keys: &keys [a, b]\n  - type: keep-some\n    keys: *keys",
    });
    const pipeline = await loaded({ text });
    expect(pipeline.transforms[2]?.config).toMatchObject({ keys: ["a", "b"] });
  });

  test("may begin with a byte order mark", async () => {
    expect((await loaded({ text: `\ufeff${pipelineText()}` })).name).toBe("demo");
    expect(await problemsOf({ text: `\ufeff${pipelineText({ 1: "nam: demo" })}` })).toEqual([
      '1:1 unknown-key the pipeline has no key "nam" (did you mean name?)',
    ]);
  });

  test("knows its destinations and what is enabled", async () => {
    const text = pipelineText({ 6: "  - type: decode\n  - type: filter-enabled" });
    const { destinations, enablement } = await loaded({ text });
    expect(destinations.all().map(({ id, config }) => [id, config.writeKey()])).toEqual([
      ["production", WRITE_KEY],
    ]);
    expect(enablement.forEnvironment("any", "5d4b12345d2a2806bd2cc6eb")?.flags.has("checkout")).toBe(true);
  });

  test("without a stage that reads them needs no destinations", async () => {
    const text = pipelineText({ 7: "", 9: "  type: file\n  directory: out" });
    const outside = inMemory({ "/p/demo.yaml": text });
    const result = await loadPipeline("/p/demo.yaml", {
      registry: testRegistry,
      declared: declaredFiles,
      outside,
    });
    expect("pipeline" in result && result.pipeline.destinations.all()).toEqual([]);
  });
});

describe("the files beside a pipeline", () => {
  test("are demanded by the transform that reads them", async () => {
    const text = pipelineText({ 6: "  - type: decode\n  - type: filter-enabled" });
    const outside = inMemory({ "/p/demo.yaml": text });
    const result = await loadPipeline("/p/demo.yaml", {
      registry: testRegistry,
      declared: declaredFiles,
      outside,
    });
    expect("problems" in result && result.problems.map(problemLine)).toEqual([
      '/p/demo.yaml:7:11 unreadable-file filter-enabled reads enablement from "/p/enablement.yaml": there is no such file',
      '/p/demo.yaml:8:11 unreadable-file segment-event reads destinations from "/p/destinations.yaml": there is no such file',
    ]);
  });

  test("are checked like the pipeline, after it, with their own positions", async () => {
    const destinations = destinationsText
      .replace("environment:", "enviroment:")
      .replace("${SEGMENT_WRITE_KEY}", "${KEY}");
    const files = {
      "/p/destinations.yaml": `${destinations}\n      region: mars`,
      "/p/enablement.yaml": "environments:\n  - environment: a\n    flags: [x, 3, x]\n",
    };
    const text = pipelineText({ 6: "  - type: decode\n  - type: filter-enabled", 12: "  directory: 5" });
    expect(await problemsOf({ text, files })).toEqual([
      '13:14 wrong-type "directory" must be a text, not 5 (did you mean "5"?)',
      '/p/destinations.yaml:3:5 unknown-key "destinations[0]" has no key "enviroment" (did you mean environment?)',
      "/p/destinations.yaml:5:17 unset-variable the environment variable KEY is not set; set it, or write ${KEY:-default}",
      '/p/destinations.yaml:7:15 not-one-of "destinations[0].config.region" must be one of us, eu',
      '/p/enablement.yaml:3:16 wrong-type "environments[0].flags[1]" must be a text, not 3 (did you mean "3"?)',
    ]);
  });

  test("have rules beyond their schema", async () => {
    const twice = destinationsText + destinationsText.replace("destinations:\n", "");
    expect(await problemsOf({ files: { "/p/destinations.yaml": twice } })).toEqual([
      "/p/destinations.yaml:6:9 not-unique the id production is already that of destination 1 of this file",
    ]);
  });

  test("may hold a hundred thousand flags", async () => {
    const flags = Array.from({ length: 100_000 }, (_, i) => `      - flag-${i}`).join("\n");
    const enablement = `environments:\n  - environment: e\n    flags:\n${flags}\n`;
    const text = pipelineText({ 6: "  - type: decode\n  - type: filter-enabled" });
    const pipeline = await loaded({ text, files: { "/p/enablement.yaml": enablement } });
    expect(pipeline.enablement.forEnvironment("p", "e")?.flags.size).toBe(100_000);
  });
});

describe("a reference", () => {
  test("becomes the number or boolean that the schema takes", async () => {
    const text = pipelineText({
      4: "  subscription: ${env:SUB}\n  maxMessages: ${MAX:-7}\n  keepalive: ${ALIVE}\n  batch: {count: '${N}'}",
    });
    const env = { SUB: "projects/1/subscriptions/2", ALIVE: "false", N: "12" };
    expect((await loaded({ text, env })).source.config).toMatchObject({
      subscription: "projects/1/subscriptions/2",
      maxMessages: 7,
      keepalive: false,
      batch: { count: 12 },
    });
  });

  test("stays a text where a text is taken, whatever it looks like", async () => {
    const text = pipelineText({ 12: "  directory: ${DIR}" });
    expect((await loaded({ text, env: { DIR: "0123" } })).deadLetters.config).toEqual({ directory: "0123" });
  });

  test("cannot change the structure of the file", async () => {
    const env = { DIR: "x\nname: evil\n#", NAME: "a: {b: c}" };
    const text = pipelineText({ 12: "  directory: ${DIR}" });
    expect((await loaded({ text, env })).name).toBe("demo");
  });

  test("in a comment is not looked at", async () => {
    expect((await loaded({ text: pipelineText({ 1: "name: demo # ${NOT_SET}" }) })).name).toBe("demo");
  });

  test("to a file gives its text without one last line break", async () => {
    const text = pipelineText({ 12: "  directory: ${file:secrets/dir}" });
    const pipeline = await loaded({ text, files: { "/p/secrets/dir": "a b\n\n" } });
    expect(pipeline.deadLetters.config).toEqual({ directory: "a b\n" });
    expect(pipeline.scrubber.scrub("in a b here")).toBe("in a b here");
  });

  test("to a large file is refused", async () => {
    const text = pipelineText({ 12: "  directory: ${file:dir}" });
    expect(await problemsOf({ text, files: { "/p/dir": "x".repeat(65_537) } })).toEqual([
      "12:14 file-too-large ${file:dir}: 65537 bytes, at most 65536 are read",
    ]);
  });

  test("is escaped by a second dollar sign", async () => {
    const text = pipelineText({ 12: "  directory: a/$${b}/$${c" });
    expect((await loaded({ text })).deadLetters.config).toEqual({ directory: "a/${b}/${c" });
  });
});

describe("a secret", () => {
  test("is an object that shows itself to nobody", async () => {
    const text = pipelineText({ 4: `${SUBSCRIPTION}\n  password: \${PW}` });
    const pipeline = await loaded({ text, env: { PW: CANARY } });
    const { password } = pipeline.source.config as { password: Secret };
    expect(password).toBeInstanceOf(Secret);
    expect(password.reveal()).toBe(CANARY);
    const shown = [
      `${password}`,
      JSON.stringify(pipeline.source),
      inspect(pipeline, { depth: 9, showHidden: true }),
    ];
    expect(shown.join("\n")).not.toContain(CANARY);
    expect(inspect(pipeline.scrubber, { showHidden: true, depth: 9 })).not.toContain(CANARY);
  });

  test("is scrubbed from any text, in the forms it travels in", async () => {
    const { scrubber } = await loaded();
    const basic = Buffer.from(`${WRITE_KEY}:`).toString("base64");
    expect(scrubber.scrub(`key=${WRITE_KEY} auth=${basic}`)).toBe("key=[redacted] auth=[redacted]");
  });

  test.each([
    ["in a key of another type", { 4: `${SUBSCRIPTION}\n  maxMessages: \${PASSWORD}` }],
    ["in a key that takes a few values", { 9: "  type: send\n  region: ${PASSWORD}" }],
    ["in a key with a form", { 4: "  subscription: ${PASSWORD}" }],
    ["in a name", { 1: "name: ${PASSWORD}" }],
    ["from a file", { 1: "name: ${file:pw}" }],
    ["written out where it does not belong", { 9: `  type: send\n  token: ${CANARY}\n  region: ${CANARY}` }],
    ["in a rule of the file", { 9: `  type: send\n  token: ${CANARY}\n  maxBatchBytes: ${CANARY}` }],
  ])("%s is in no problem", async (_, edits) => {
    const env = { PASSWORD: CANARY };
    const result = await load({ text: pipelineText(edits), env, files: { "/p/pw": CANARY } });
    expect("problems" in result).toBe(true);
    expect(inspect(result, { depth: 9, showHidden: true })).not.toContain(CANARY);
  });

  test("is not in the hash", async () => {
    const text = pipelineText({ 9: "  type: send\n  token: ${TOKEN_A}" });
    const a = await loaded({ text, env: { TOKEN_A: "aaaaaaaaaa" } });
    const b = await loaded({ text, env: { TOKEN_A: "bbbbbbbbbb" } });
    expect(a.hash).toBe(b.hash);
  });
});

describe("the config version", () => {
  test("changes with what an event becomes, not with where records come from or how it runs", async () => {
    const { hash } = await loaded();
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    const same = { 4: "  subscription: projects/p/subscriptions/other", 12: "  directory: else\ndrainMs: 5" };
    expect((await loaded({ text: pipelineText(same) })).hash).toBe(hash);
    expect((await loaded({ text: pipelineText({ 9: "  type: send\n  region: us" }) })).hash).toBe(hash);
    expect((await loaded({ text: pipelineText({ 9: "  type: send\n  region: eu" }) })).hash).not.toBe(hash);
  });
});

describe("a replaced source", () => {
  const replaceSource = { option: "--from", value: { type: "files", paths: ["/in/a.avro"] } };

  test("needs nothing of what the file says about its own", async () => {
    const text = pipelineText({ 3: "  type: nothing", 4: "  subscription: ${NOT_SET}" });
    const { source } = await loaded({ text, replaceSource });
    expect(source.definition.type).toBe("files");
    expect(source.config).toEqual({ paths: ["/in/a.avro"], format: "auto" });
  });

  test("is checked like one in the file, and problems carry the option", async () => {
    const value = { type: "files", paths: [], formt: "avro" };
    expect(await problemsOf({ replaceSource: { option: "--from", value } })).toEqual([
      '--from out-of-range "paths" needs at least one entry',
      '--from unknown-key source files has no key "formt" (did you mean format?)',
    ]);
    expect(await problemsOf({ replaceSource: { option: "--from", value: { type: "fils" } } })).toEqual([
      '--from unknown-stage there is no source "fils" (did you mean files?)',
    ]);
  });

  test("takes names with ${ as they are, because a shell has been there already", async () => {
    const value = { type: "files", paths: ["/in/${x}"] };
    expect((await loaded({ replaceSource: { option: "--from", value } })).source.config).toMatchObject({
      paths: ["/in/${x}"],
    });
  });
});

describe("a replaced sink", () => {
  test("that takes anything makes the secrets of the destinations unnecessary", async () => {
    const replaceSink = { option: "--to", value: { type: "file", directory: "/out" } };
    const pipeline = await loaded({ replaceSink, env: { SEGMENT_WRITE_KEY: undefined } });
    expect(pipeline.sinks).toMatchObject([{ name: "file", config: { directory: "/out" } }]);
    expect(pipeline.destinations.all()).toHaveLength(1);
  });

  test("that sends to the destinations still needs them, and so do the stages", async () => {
    const env = { SEGMENT_WRITE_KEY: undefined };
    const text = pipelineText({ 4: `${SUBSCRIPTION}\n  password: \${PW}` });
    const send = { option: "--to", value: { type: "send" } };
    const file = { option: "--to", value: { type: "file", directory: "/out" } };
    expect(await problemsOf({ replaceSink: send, env })).toEqual([
      expect.stringContaining("unset-variable the environment variable SEGMENT_WRITE_KEY"),
    ]);
    expect(await problemsOf({ text, replaceSink: file, env })).toEqual([
      expect.stringContaining("unset-variable the environment variable PW"),
    ]);
  });

  test("has to fit what comes before it", async () => {
    const text = pipelineText({ 7: "" });
    const replaceSink = { option: "--to", value: { type: "send" } };
    expect(await problemsOf({ text, replaceSink })).toEqual([
      "--to shape-mismatch send takes segment-event but decode gives export-event: put segment-event between",
    ]);
  });
});
