// Codes and their pages are kept equal: the sources are searched for every code that they give.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { allPages, pagesFor } from "../../../src/commands/explain/pages.ts";
import { pageText } from "../../../src/commands/explain/text.ts";
import { problemCodes } from "../../../src/config/codes.ts";
import { faultCodes } from "../../../src/config/fault-codes.ts";
import { runCodes } from "../../../src/config/run-codes.ts";
import { meaningOf, stageProblemCodes } from "../../../src/config/stage-problem-codes.ts";
import { registry } from "../../../src/registry.ts";

const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts") && !/^(emulators|console)\//.test(path))
  .map((path) => ({ path, text: readFileSync(join("src", path), "utf8") }));

function found(pattern: RegExp, within = /./): Set<string> {
  return new Set(
    sources
      .filter(({ path }) => within.test(path))
      .flatMap(({ text }) => [...text.matchAll(pattern)].map((match) => match[1]!)),
  );
}

const stages = [...registry.sources, ...registry.transforms, ...registry.sinks];
const rejects = new Set(stages.flatMap((stage) => Object.keys(stage.rejects ?? {})));
const pages = allPages(registry);
const known = new Set(pages.map(({ code }) => code));

describe("every code has a page:", () => {
  test("the ends of a run, and no page is left over", () => {
    const codes = found(/new RunError\(\s*"([a-z0-9-]+)"/g);
    expect(codes.size).toBeGreaterThan(10);
    expect([...codes].filter((code) => !Object.hasOwn(runCodes, code) && !meaningOf(code))).toEqual([]);
    expect(Object.keys(runCodes).filter((code) => !codes.has(code))).toEqual([]);
  });

  test("the dead letters", () => {
    const codes = found(/new DataError\(\s*"([a-z0-9-]+)"/g);
    expect(codes.size).toBeGreaterThan(20);
    expect([...codes].filter((code) => !known.has(code))).toEqual([]);
  });

  test("the drops", () => {
    const codes = found(/new Drop\(\s*"([a-z0-9-]+)"/g);
    expect([...codes].filter((code) => !known.has(code))).toEqual([]);
  });

  test("the faults of sinks, and no page is left over", () => {
    const network = sources.find(({ path }) => path.endsWith("network-fault.ts"))!.text;
    const disk = sources.find(({ path }) => path.endsWith("disk-fault.ts"))!.text;
    const named = [...`${network}${disk}`.matchAll(/\b[A-Z_]{3,}"?[:,] "([a-z-]+)"/g)].map(
      (match) => match[1]!,
    );
    const given = found(/new SinkFault\([^;]*?code: "([a-z-]+)"/g, /^sinks\//);
    const misconfigured = found(/misconfigured\(\s*\w+,\s*"([a-z-]+)"/g);
    const codes = new Set([...named, ...given, ...misconfigured, "timeout", "network"]);
    expect([...codes].filter((code) => pagesFor(code, registry).length === 0)).toEqual([]);
    const families = Object.keys(faultCodes).filter((code) => !code.endsWith("*"));
    expect(families.filter((code) => !codes.has(code))).toEqual([]);
  });

  test("the problems of stages and declared files, and no page is left over", () => {
    const codes = new Set([
      ...found(
        /code: "([a-z-]+)",?\s*\n?\s*(?:message|path)/g,
        /^(sources|transforms|sinks|expressions|destinations)\//,
      ),
      ...found(/yield at\(path, text, "([a-z-]+)"/g),
      ...found(/return \{ path[^}]*code: "([a-z-]+)"/g),
    ]);
    const unknown = [...codes].filter((code) => !meaningOf(code) && !known.has(code));
    expect(unknown).toEqual([]);
    const given = sources
      .map(({ text }) => text)
      .filter((text) => !text.includes("satisfies Record<string, CodeMeaning>"));
    const unused = Object.keys({ ...problemCodes, ...stageProblemCodes }).filter(
      (code) => !given.some((text) => text.includes(`"${code}"`)),
    );
    expect(unused).toEqual([]);
  });

  test("every declared reject and drop", () => {
    for (const code of rejects) expect(pagesFor(code, registry).length).toBeGreaterThan(0);
  });
});

test("a page says what, why and fix, shortly", () => {
  for (const { code, what, why, fix } of pages) {
    for (const text of [what, why, fix]) {
      expect([code, text.length > 5 && text.length < 420, text]).toEqual([code, true, text]);
      expect([code, text]).toEqual([code, expect.stringMatching(/[.!?]$/)]);
    }
  }
});

test("an HTTP status has a page of its own, from the table that decides", () => {
  expect(pageText(pagesFor("http-503", registry)[0]!, false)).toBe(
    [
      "http-503  fault of a sink",
      "What  Segment, or something in front of it, answered with HTTP status 503.",
      "Why   The events are held and sent again with growing pauses; the source waits, nothing",
      "      is lost.",
      "Fix   The same events are sent again later.",
    ].join("\n"),
  );
  expect(pagesFor("http-401", registry)[0]!.fix).toBe("Check the write key and the region.");
  expect(pagesFor("http-400", registry)[0]!.why).toContain("dead letters");
});

test("a member of a family has the family's page; an unknown code has none", () => {
  expect(pagesFor("pubsub-not-found", registry)[0]!.what).toContain("gRPC status");
  expect(pagesFor("no-such-code", registry)).toEqual([]);
  expect(pagesFor("__proto__", registry)).toEqual([]);
});
