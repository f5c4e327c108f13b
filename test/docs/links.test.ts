import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

import { describe, expect, test } from "vitest";

import { allPages, pagesFor } from "../../src/commands/explain/pages.ts";
import { metricTable } from "../../src/engine/metrics.ts";
import { registry } from "../../src/registry.ts";
import { anchorsOf, linksOf, untested } from "./page.ts";

const docs = readdirSync("docs", { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".md"))
  .map((path) => join("docs", path));
const pages = [...docs, "README.md", "pipelines/README.md", "schemas/README.md"];

test.each(pages)("every link of %s leads somewhere", (page) => {
  const broken = linksOf(readFileSync(page, "utf8")).filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? page : normalize(join(dirname(page), path));
    if (!existsSync(target)) return true;
    return anchor !== undefined && !anchorsOf(readFileSync(target, "utf8")).has(anchor);
  });
  expect(broken).toEqual([]);
});

test.each(docs.filter((page) => !page.includes("/stages/")))(
  "every example of %s is one that a test runs",
  (page) => {
    expect(untested(readFileSync(page, "utf8"))).toEqual([]);
  },
);

test("every page is reached from the first one", () => {
  const reached = new Set(["docs/README.md"]);
  for (const page of reached) {
    for (const link of linksOf(readFileSync(page, "utf8"))) {
      const target = normalize(join(dirname(page), link.split("#")[0] ?? ""));
      if (target.startsWith("docs/") && target.endsWith(".md") && existsSync(target)) reached.add(target);
    }
  }
  expect(docs.filter((page) => !reached.has(page))).toEqual([]);
});

describe("troubleshooting", () => {
  const text = readFileSync("docs/troubleshooting.md", "utf8");
  const names = [...text.matchAll(/`([a-z][a-z0-9]*(?:[-_][a-z0-9]+)+)`/g)].map((match) => match[1]!);
  const metrics = new Set(Object.keys(metricTable));

  test("names only metrics and codes that there are", () => {
    const known = new Set(allPages(registry).map(({ code }) => code));
    const unknown = names.filter(
      (name) => !metrics.has(name) && !known.has(name) && pagesFor(name, registry).length === 0,
    );
    expect(unknown).toEqual([]);
  });

  test("every symptom leads to a metric, a code or a command", () => {
    for (const symptom of text.split(/^## /m).slice(1)) expect(symptom).toMatch(/`[a-z]+[-_ ][a-z0-9]+.*`/);
  });
});
