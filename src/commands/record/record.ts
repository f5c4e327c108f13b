// From real records to a test that passes: decode, take persons out, write, run, fill in what came, run again.

import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { dirname, relative, sep } from "node:path";

import { stringify } from "yaml";

import type { LoadedPipeline } from "../../config/load.ts";
import type { Logger } from "../../engine/contracts.ts";
import { RunError } from "../../engine/errors.ts";
import type { GivenRecord } from "../test/given-records.ts";
import { runTestFile } from "../test/run-file.ts";
import { updatedText } from "../test/update.ts";
import { problemLine } from "../../config/problem.ts";
import { decode, type Decoded } from "./decode.ts";
import { withoutPersons } from "./pseudonyms.ts";

export interface Recording {
  readonly out: string;
  readonly paths: readonly string[];
  /** The variables that the pipeline needs; no secrets. */
  readonly env: Readonly<Record<string, string>>;
  readonly log: Logger;
}

export interface Recorded {
  readonly events: number;
  readonly broken: number;
}

/** Throws RunError `nothing-recorded`, `recording-fails`, or `file-not-saved` when the file is there already. */
export async function record(
  pipeline: LoadedPipeline,
  given: readonly GivenRecord[],
  recording: Recording,
): Promise<Recorded> {
  return recordDecoded(pipeline, await decode(pipeline, given, recording.log), recording);
}

/** As `record`, of events that the pipeline has decoded already. */
export async function recordDecoded(
  pipeline: LoadedPipeline,
  { events, broken }: Decoded,
  { out, paths, env }: Recording,
): Promise<Recorded> {
  if (events.length === 0)
    throw new RunError("nothing-recorded", `no record could be decoded (${broken} are broken)`);
  const rules = { key: randomBytes(32), paths };
  const text = testText(
    pipeline,
    { out, env },
    events.map((event) => withoutPersons(event, rules)),
  );
  await save(out, text);
  const outcome = await run(out);
  const full = updatedText(text, new Map([[0, outcome.outcome]]));
  await writeFile(out, full);
  const { differences } = await run(out);
  if (differences.length > 0)
    throw new RunError("recording-fails", `${out} was written, but does not pass when it is run again`);
  return { events: events.length, broken };
}

function testText(
  { file, name }: LoadedPipeline,
  { out, env }: Pick<Recording, "out" | "env">,
  events: readonly unknown[],
): string {
  const one = {
    name: `what ${name} made of ${events.length} recorded events`,
    given: events.map((json) => ({ json })),
    expect: {},
  };
  const pipeline = relative(dirname(out), file).split(sep).join("/");
  // A text that begins like a reference is written as text.
  const body = stringify(
    { pipeline, ...(Object.keys(env).length > 0 ? { env } : {}), cases: [one] },
    { lineWidth: 0 },
  ).replaceAll("${", () => "$${");
  return `# Recorded by sluice record. Personal data was replaced; read it through before you commit it.\n\n${body}`;
}

async function save(out: string, text: string): Promise<void> {
  try {
    await writeFile(out, text, { flag: "wx" });
  } catch (error) {
    throw new RunError(
      "file-not-saved",
      `${out} cannot be written; is it there already? Name another with --out`,
      { cause: error },
    );
  }
}

async function run(out: string) {
  const result = await runTestFile(out);
  if ("problems" in result)
    throw new RunError("recording-fails", result.problems.map(problemLine).join("\n"));
  return result.cases[0]!;
}
