import { expect, it } from "vitest";

import { start } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";

it("shows what flows, drains, and sums up so that every event read is accounted for", async () => {
  const folder = await tempFolder();
  const program = start(["demo", "--seconds", "3", "--rate", "300"], {
    cwd: folder,
    env: { SLUICE_DEAD_LETTERS: `${folder}/dead-letters/` },
  });
  expect(await program.exit, program.output.stderr).toBe(0);
  const { stdout, stderr } = program.output;
  expect(stdout).toContain("pubsub → avro-decode → filter-enabled → segment-event → segment");
  expect(stdout).toMatch(/published \d+ · delivered \d+/);
  const sum = (row: RegExp) =>
    [...stdout.matchAll(row)].reduce((total, match) => total + Number(match[1]?.replaceAll(",", "")), 0);
  const read = sum(/│ read\s+│\s+│\s+([\d,]+) │/g);
  const accounted = sum(/│ (?:delivered|dropped|dead-lettered)\s+│[^│]+│\s+([\d,]+) │/g);
  expect(read).toBeGreaterThan(300);
  expect(accounted).toBe(read);
  for (const what of ["delivered", "flag-not-enabled", "environment-not-enabled", "no-identity"])
    expect(stdout).toContain(what);
  expect(stderr).not.toMatch(/Warning|error/i);
});

it("names the commands and shows examples in its help", async () => {
  const help = start(["--help"]);
  expect(await help.exit).toBe(0);
  for (const command of ["run", "backfill", "validate", "demo", "emulate", "completion"]) {
    expect(help.output.stdout).toContain(`sluice ${command}`);
  }
  const backfill = start(["backfill", "--help"]);
  expect(await backfill.exit).toBe(0);
  expect(backfill.output.stdout).toContain("Examples:");
});
