import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Segment } from "../../src/commands/dead-letters/find-segments.ts";
import type { DeadLetter } from "../../src/engine/dead-letters.ts";

/** A letter; give only what the test is about. */
export function aLetter(with_: Partial<DeadLetter> & { text?: string } = {}): DeadLetter {
  const { text = "{}", ...rest } = with_;
  return {
    id: "1",
    pipeline: "test",
    configVersion: "v1",
    stage: "json-decode",
    code: "json-invalid",
    message: "it is bad",
    attempt: 1,
    failedAt: "2026-01-01T00:00:00.000Z",
    attributes: {},
    body: Buffer.from(text).toString("base64"),
    ...rest,
  };
}

export async function aSegment(
  folder: string,
  lines: readonly (DeadLetter | string)[],
  name = "test-20260101T000000Z-000001.ndjson",
): Promise<Segment> {
  const text = lines.map((line) => (typeof line === "string" ? line : `${JSON.stringify(line)}\n`)).join("");
  const path = join(folder, name);
  await writeFile(path, text);
  return { path, name, bytes: Buffer.byteLength(text) };
}
