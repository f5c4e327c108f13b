// Alerts and dashboard against the metrics that there are, and by Prometheus' own tool.

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";

import { type MetricDefinition, metricTable } from "../../src/engine/metrics.ts";
import { prometheusPage } from "../../src/telemetry/prometheus-page.ts";
import { tempFolder } from "../support/temp-folder.ts";

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook: string };
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

const ALERTS = "deploy/prometheus/alerts.yaml";
const rules: Rule[] = parse(readFileSync(ALERTS, "utf8")).groups.flatMap(
  (group: { rules: Rule[] }) => group.rules,
);
const panels: Panel[] = JSON.parse(readFileSync("deploy/grafana/sluice.json", "utf8")).panels;
const shown = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const));

/** Name without `sluice_` -> labels, as they can be queried: a histogram has three names. */
const known = new Map<string, readonly string[]>(
  Object.entries(metricTable).flatMap(([name, { type, labels }]: [string, MetricDefinition]) => {
    const own = ["pipeline", ...labels];
    if (type !== "histogram") return [[`sluice_${name}`, own]];
    return ["bucket", "sum", "count"].map((part) => [`sluice_${name}_${part}`, [...own, "le"]]);
  }),
);
known.set("sluice_build_info", ["version", "node"]);
known.set("sluice_heap_limit_bytes", []);

beforeAll(async () => {
  const page = prometheusPage({ version: "1", pipelines: () => [], withProcess: true });
  for (const [, name] of (await page.text()).matchAll(/^# TYPE ((?:process|nodejs)_\S+) /gm))
    known.set(name!, []);
  page.close();
});

function problemsOf(expr: string): string[] {
  const names = expr.match(/\b(?:sluice|nodejs|process)_[a-z0-9_]+\b/g) ?? [];
  // `worker` where there are several: the page of their supervisor tells apart what belongs to a process.
  const scraped = ["job", "instance", "worker", "le"];
  const allowed = new Set([...scraped, ...names.flatMap((name) => known.get(name) ?? [])]);
  const groupings = [...expr.matchAll(/\b(?:by|on|without) \(([^)]*)\)/g)].flatMap(([, list]) =>
    list!.split(/,\s*/),
  );
  const matchers = [...expr.matchAll(/([a-z_]+)(?:=~|!~|!=|=)"/g)].map(([, label]) => label!);
  return [
    ...names.filter((name) => !known.has(name)).map((name) => `no metric ${name}`),
    ...[...groupings, ...matchers].filter((label) => !allowed.has(label)).map((label) => `no label ${label}`),
  ];
}

describe("the alerts", () => {
  it("use only metrics and labels that there are", () => {
    expect(
      rules.flatMap(({ alert, expr }) => problemsOf(expr).map((problem) => `${alert}: ${problem}`)),
    ).toEqual([]);
    expect(problemsOf('sum by (flavour) (sluice_acked_total{taste="x"})')).toEqual([
      "no metric sluice_acked_total",
      "no label flavour",
      "no label taste",
    ]);
  });

  it("have a runbook page each that shows what they ask, and no page is left over", () => {
    const pages = readdirSync("docs/runbooks").filter((name) => name !== "README.md");
    expect(rules.map(({ alert }) => `${alert}.md`).sort()).toEqual(pages.sort());
    const index = readFileSync("docs/runbooks/README.md", "utf8");
    for (const { alert, expr, labels, annotations } of rules) {
      expect(annotations.runbook).toBe(`docs/runbooks/${alert}.md`);
      const page = readFileSync(annotations.runbook, "utf8");
      expect(page, alert).toContain(expr);
      for (const heading of ["What it means", "Where to look", "What to do"])
        expect(page, alert).toContain(`## ${heading}\n`);
      expect(["page", "ticket"]).toContain(labels.severity);
      expect(index).toContain(`| [${alert}](${alert}.md) | ${labels.severity} |`);
      expect(annotations.summary.length * annotations.description.length).toBeGreaterThan(0);
    }
  });

  it("are each tested for firing and for staying quiet", () => {
    const { tests } = parse(readFileSync("deploy/prometheus/alerts.test.yaml", "utf8"));
    const names = tests.flatMap(({ name }: { name: string }) =>
      name.endsWith("for one of several workers") ? [] : [name],
    );
    expect(names.sort()).toEqual(
      rules.flatMap(({ alert }) => [`${alert} fires`, `${alert} stays quiet`]).sort(),
    );
  });
});

describe("the dashboard", () => {
  it("uses only metrics and labels that there are", () => {
    expect(
      shown.flatMap(([title, expr]) => problemsOf(expr).map((problem) => `${title}: ${problem}`)),
    ).toEqual([]);
    expect(shown.length).toBeGreaterThan(30);
  });

  it("has panels with names of their own that do not lie on each other", () => {
    const ids = panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  });
});

describe("promtool", () => {
  const promtool = (...args: string[]) => spawnSync("promtool", args, { encoding: "utf8" });
  const isThere = promtool("--version").status === 0;
  it("takes the rules, their tests, and every query of the dashboard", async () => {
    if (!isThere) return sayMissing();
    expect(promtool("check", "rules", ALERTS)).toMatchObject({ status: 0 });
    expect(promtool("test", "rules", "deploy/prometheus/alerts.test.yaml")).toMatchObject({ status: 0 });
    const file = join(await tempFolder(), "queries.yaml");
    const queries = shown.map(([, expr], i) => ({ record: `q${i}`, expr: concrete(expr) }));
    await writeFile(file, JSON.stringify({ groups: [{ name: "dashboard", rules: queries }] }));
    expect(promtool("check", "rules", file)).toMatchObject({ status: 0 });
    const page = prometheusPage({ version: "1", pipelines: () => [], withProcess: true });
    const text = await page.text();
    page.close();
    const checked = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
    expect(checked.stderr.split("\n").filter((line) => line.startsWith("sluice_"))).toEqual([]);
  });
});

/** `.ci/run` installs it; elsewhere its absence is said, and the table has been compared above all the same. */
function sayMissing(): void {
  expect(process.env["SLUICE_REQUIRE_PROMTOOL"]).toBeUndefined();
  process.stderr.write(
    "promtool is NOT installed (Debian: prometheus): Prometheus itself has not checked the alerts\n",
  );
}

/** As Grafana would send it. */
function concrete(expr: string): string {
  return expr.replaceAll("$__rate_interval", "1m").replaceAll(/"\$(pipeline|destination)"/g, '".*"');
}
