// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are written like this.

// Damaged definitions of every kind. The loader may say whatever is true about them; it must not throw, take more than
// 100 ms of processor time, pollute a prototype or print a secret. SLUICE_FUZZ_RUNS raises the number of runs.

import { readFile } from "node:fs/promises";

import fc from "fast-check";
import { afterAll, expect, test } from "vitest";

import { checkDeclared } from "../../src/config/check-declared.ts";
import { SecretScrubber } from "../../src/config/scrubber.ts";
import { Sources } from "../../src/config/sources.ts";
import { declaredTest } from "../../src/config/test-file.ts";
import { YamlFile } from "../../src/config/yaml-file.ts";
import { formatProblems } from "../../src/config/report.ts";
import { costGuard, fuzzSeed } from "../support/cost-guard.ts";
import { destinationsText, inMemory, load, pipelineText, WRITE_KEY } from "../support/definitions.ts";

const RUNS = Number(process.env["SLUICE_FUZZ_RUNS"] ?? 2_000);

const nasty = fc.constantFrom(
  "[",
  "]",
  "{",
  "}",
  "- ",
  "? ",
  ": ",
  "&a ",
  "*a",
  "!!js/function ",
  "!x ",
  "|",
  ">",
  "|9\n",
  "'",
  '"',
  "\\",
  "%YAML 1.1\n",
  "---\n",
  "...\n",
  "\t",
  "\n",
  "\r",
  "\u0000",
  "\u2028",
  "\ufeff",
  "<<: ",
  "__proto__: ",
  "constructor: ",
  "${",
  "${A}",
  "${file:/etc/hostname}",
  "${A:-",
  "}",
  "$${",
  "1e999",
  ".nan",
  "0x",
  "-",
  "~",
  "#",
  "@",
  "`",
  ",",
  "\ud800",
  "🜚",
  "type: ",
  "window: ",
  "name: ",
  "source: ",
  "x".repeat(2_000),
  " ".repeat(50),
);

const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.nat({ max: 30 }),
  insert: fc.oneof({ weight: 4, arbitrary: nasty }, fc.string({ maxLength: 8 })),
});

const damaged = (text: string) =>
  fc.array(edit, { minLength: 1, maxLength: 6 }).map((edits) =>
    edits.reduce((result, { at, remove, insert }) => {
      const i = Math.floor(at * result.length);
      return result.slice(0, i) + insert + result.slice(i + remove);
    }, text),
  );

const rich = pipelineText({
  4: "  subscription: projects/p/subscriptions/s\n  password: ${PW}\n  batch: {count: 5}",
  6: "  - type: decode\n    shape: {kind: raw, offset: 1}\n  - type: keep-some\n    keys: &k [a, b]\n    share: 0.5",
  12: "  directory: dead\ninFlight: {records: 5000}\nenablement: enablement.yaml",
});

const seed = fuzzSeed();
const guard = costGuard();
afterAll(() => guard.close(seed));

async function judge(text: string, destinations: string): Promise<void> {
  const result = await guard.judged(`${text}\n---\n${destinations}`, () =>
    load({
      text,
      files: { "/p/destinations.yaml": destinations },
      env: { PW: `pw-${WRITE_KEY}`, A: "1" },
    }),
  );
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  if (!("problems" in result)) return;
  expect(result.problems.length).toBeGreaterThan(0);
  const shown =
    formatProblems(result.problems, { format: "text", sources: result.sources }) +
    formatProblems(result.problems, { format: "json" });
  // Damage can make a key of any text, and an unknown key has to be named.
  const values = shown.replaceAll(/(?:has no|the) key \\?"[^"]*"|"path": "[^"]*"/g, "");
  expect(values).not.toContain(WRITE_KEY);
  for (const { line, col, code, message } of result.problems) {
    expect([line > 0, col > 0, code !== "", message !== ""]).toEqual([true, true, true, true]);
  }
}

test("a damaged pipeline gives problems or loads, and never throws", { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(damaged(rich), (text) => judge(text, destinationsText)),
    { seed, numRuns: RUNS },
  );
});

test("a damaged destinations file never shows the key in it", { timeout: 600_000 }, async () => {
  const literal = destinationsText.replace("${SEGMENT_WRITE_KEY}", WRITE_KEY);
  await fc.assert(
    fc.asyncProperty(damaged(literal), (destinations) => judge(pipelineText(), destinations)),
    { seed, numRuns: RUNS / 2 },
  );
});

test("a damaged test file gives problems, and never throws", { timeout: 600_000 }, async () => {
  const text = await readFile("pipelines/launchdarkly-to-segment.test.yaml", "utf8");
  await fc.assert(
    fc.asyncProperty(damaged(text), async (source) => {
      const { checked, problems } = await guard.judged(source, () => checkTestFile(source));
      expect(checked === undefined).toBe(problems.length > 0);
    }),
    { seed, numRuns: RUNS / 4 },
  );
});

async function checkTestFile(source: string) {
  const scrubber = new SecretScrubber();
  const outside = inMemory({ "/p/a.test.yaml": source });
  const from = { name: "a.test.yaml", path: "/p/a.test.yaml", maxBytes: declaredTest.maxBytes };
  const file = await YamlFile.read(from, outside, new Sources(scrubber));
  const checked = await checkDeclared(file, declaredTest, { outside, baseDir: "/p", scrubber });
  return { checked, problems: file.problems };
}

test("any text gives problems", { timeout: 600_000 }, async () => {
  const text = fc.string({ maxLength: 300, unit: fc.oneof(nasty, fc.string({ maxLength: 3 })) });
  await fc.assert(
    fc.asyncProperty(text, (source) => judge(source, source)),
    { seed, numRuns: RUNS / 2 },
  );
});
