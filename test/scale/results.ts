// RESULTS.md: each test of this folder writes its own section, when asked to, and leaves the others as they are.

import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";

const FILE = "test/scale/RESULTS.md";

/** `Made by …`, for the head of a section; `more` is what the figures depend on besides. */
export function madeBy(more: string): string {
  const date = new Date().toISOString().slice(0, 10);
  return `Made by \`SLUICE_SCALE_WRITE=1 npx vitest run --project scale\` on ${date} (${cpus().length} cores, Node
${process.versions.node}, ${more}); not to be edited.`;
}

/** Prints the section, and with SLUICE_SCALE_WRITE=1 puts it in place of the one with the same title. */
export async function tell(title: string, body: string): Promise<void> {
  const section = `# ${title}\n\n${body.trim()}\n`;
  process.stderr.write(`\n${section}\n`);
  if (process.env["SLUICE_SCALE_WRITE"] !== "1") return;
  const sections = (await readFile(FILE, "utf8")).split(/^(?=# )/m);
  const at = sections.findIndex((one) => one.startsWith(`# ${title}\n`));
  if (at >= 0) sections[at] = section;
  else sections.push(section);
  await writeFile(
    FILE,
    sections
      .map((one) => one.trim())
      .join("\n\n")
      .concat("\n"),
  );
}
