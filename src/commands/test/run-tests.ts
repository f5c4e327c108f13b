// `sluice test` once the files are known: run, report, and rewrite if asked to.

import { readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

import { formatProblems } from "../../config/report.ts";
import { systemClock } from "../../engine/clock.ts";
import { type ExitCode, exitCode } from "../exit-code.ts";
import { type FileCases, reportTests, type TestFormat } from "./report.ts";
import { type FileResult, runTestFile } from "./run-file.ts";

export interface TestOptions {
  readonly update: boolean;
  readonly format: TestFormat;
}

export async function runTests(files: readonly string[], options: TestOptions): Promise<ExitCode> {
  return (await runOnce(files, options)).code;
}

/** `folders`: those of the tests and their pipelines. */
async function runOnce(
  files: readonly string[],
  { update, format }: TestOptions,
): Promise<{ readonly code: ExitCode; readonly folders: readonly string[] }> {
  const { ran, invalid } = await runAll(files);
  const updated = update ? await updateAll(ran) : 0;
  const shown = update ? (await runAll(ran.map(({ file }) => file))).ran : ran;
  const report = reportTests(shown, format, process.stdout.isTTY && !process.env["NO_COLOR"]);
  if (report !== "") print(report);
  const cases = shown.flatMap((one) => one.cases);
  const failed = cases.filter(({ differences }) => differences.length > 0).length;
  if (format === "text") {
    const more = `${invalid > 0 ? `, ${invalid} not valid` : ""}${update ? `, ${updated} updated` : ""}`;
    print(`${cases.length - failed} passed, ${failed} failed${more}`);
  }
  const folders = [...files, ...ran.map(({ pipeline }) => pipeline)].map((file) => dirname(file));
  if (invalid > 0) return { code: exitCode.invalidInput, folders };
  return { code: failed > 0 ? exitCode.failed : exitCode.done, folders };
}

/** Until SIGINT. */
export async function watchTests(find: () => Promise<readonly string[]>): Promise<void> {
  const { watch } = await import("./watch.ts");
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  await watch({
    clock: systemClock,
    signal: stop.signal,
    async run() {
      const files = await find();
      if (process.stdout.isTTY) process.stdout.write("\u001b[2J\u001b[H");
      return (await runOnce(files, { update: false, format: "text" })).folders;
    },
  });
}

async function runAll(files: readonly string[]): Promise<{ ran: FileCases[]; invalid: number }> {
  const ran: FileCases[] = [];
  let invalid = 0;
  for (const file of files) {
    const result = await runTestFile(file);
    if ("cases" in result) ran.push({ ...result, file });
    else {
      invalid += 1;
      complain(result);
    }
  }
  return { ran, invalid };
}

/** To stderr: what goes to stdout may be XML. */
function complain({ problems, sources }: Extract<FileResult, { readonly problems: unknown }>): void {
  const color = process.stderr.isTTY && !process.env["NO_COLOR"];
  process.stderr.write(`${formatProblems(problems, { format: "text", color, sources })}\n`);
}

/** How many cases were rewritten. */
async function updateAll(files: readonly FileCases[]): Promise<number> {
  const { updatedText } = await import("./update.ts");
  let count = 0;
  for (const { file, cases } of files) {
    const changed = cases
      .map((one, i) => [i, one] as const)
      .filter(([, { differences, isEmpty }]) => differences.length > 0 || isEmpty);
    if (changed.length === 0) continue;
    const text = await readFile(file, "utf8");
    await writeFile(file, updatedText(text, new Map(changed.map(([i, { outcome }]) => [i, outcome]))));
    count += changed.length;
  }
  return count;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
