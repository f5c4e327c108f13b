// A real Chromium without a window: Debian's package, or what SLUICE_CHROMIUM names. Where there is none the tests of
// the pages say so, and fail when SLUICE_BROWSER=required (as `.ci/run` sets it).

import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import axe, { type AxeResults } from "axe-core";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, expect, onTestFinished } from "vitest";

const NAMES = [
  process.env["SLUICE_CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];
const executablePath = NAMES.find((path) => path !== undefined && path !== "" && existsSync(path));

/** Whether the tests of the pages run here. Throws where they must. */
export function hasBrowser(): boolean {
  if (executablePath !== undefined) return true;
  const why =
    "No Chromium: the console's pages are NOT TESTED here. apt-get install chromium, or set SLUICE_CHROMIUM to its path.";
  if (process.env["SLUICE_BROWSER"] === "required" || process.env["CI"]) throw new Error(why);
  process.stderr.write(`\n${"!".repeat(why.length)}\n${why}\n${"!".repeat(why.length)}\n\n`);
  return false;
}

let browser: Promise<Browser> | undefined;

/** One for all tests of a file. */
export function openBrowser(): Promise<Browser> {
  // Chromium's own sandbox needs privileges that a container, or root, does not have.
  browser ??= chromium.launch({
    ...(executablePath ? { executablePath } : {}),
    args: ["--no-sandbox"],
    timeout: 60_000,
  });
  return browser;
}

export function closeBrowserAtEnd(): void {
  afterAll(async () => {
    await (await browser)?.close();
  });
}

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What should never happen: faults of scripts, violations of the policy, requests to elsewhere. */
  readonly complaints: readonly string[];
}

export interface VisitOptions {
  readonly width?: number;
  readonly colours?: "light" | "dark";
}

/** A fresh page that complains about nothing by the end of the test. */
export async function visit(url: string, options: VisitOptions = {}): Promise<Visit> {
  const { width = 1280, colours = "light" } = options;
  const context = await (await openBrowser()).newContext({
    viewport: { width, height: width < 600 ? 844 : 860 },
    colorScheme: colours,
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(30_000);
  const complaints: string[] = [];
  const { host } = new URL(url);
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(`a script failed: ${error.message}`));
  page.on("console", (message) => {
    // Chromium itself notes each answer that is no success; the pages show those.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      complaints.push(`the console says: ${message.text()}`);
  });
  page.on("dialog", (dialog) => {
    complaints.push(`a dialog of the browser opened: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    const target = new URL(request.url());
    if (target.protocol !== "data:" && target.host !== host)
      complaints.push(`a request went to ${target.host}`);
  });
  await page.exposeFunction("noteViolation", (text: string) =>
    complaints.push(`the policy was broken: ${text}`),
  );
  await page.addInitScript({
    content: `document.addEventListener("securitypolicyviolation", (event) =>
      window.noteViolation(event.violatedDirective + " " + event.blockedURI));`,
  });
  onTestFinished(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });
  await page.goto(url);
  return { page, context, complaints };
}

/** Serious and critical findings of axe on the page as it is now. */
export async function violations(page: Page): Promise<string[]> {
  // Evaluated by the browser's debugger, which the page's own policy does not bind.
  await page.evaluate(axe.source);
  const { violations: list } = await page.evaluate<AxeResults>("axe.run(document)");
  return list
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(
      ({ id, impact, nodes }) =>
        `${impact}: ${id}: ${nodes.map(({ html, failureSummary = "" }) => `${html} ${failureSummary}`).join(" | ")}`,
    );
}

const SHOTS = process.env["SLUICE_SHOTS"] ?? join(tmpdir(), "sluice-console-screenshots");

/** Keeps a picture of the page for people to look at. */
export async function shoot(page: Page, name: string): Promise<void> {
  await mkdir(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}
