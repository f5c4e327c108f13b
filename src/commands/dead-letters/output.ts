// stdout for rows: as slow as its reader, and quiet when the reader has enough (`| head`).

import { exitCode } from "../exit-code.ts";

let watched = false;

/** Waits for a slow reader, so that millions of rows do not pile up in memory. */
export async function print(text: string): Promise<void> {
  if (!watched) process.stdout.on("error", endQuietly);
  watched = true;
  if (process.stdout.write(text)) return;
  await new Promise<void>((resolve) => process.stdout.once("drain", () => resolve()));
}

function endQuietly(error: Error): void {
  if (!("code" in error && error.code === "EPIPE")) throw error;
  process.exit(exitCode.done);
}
