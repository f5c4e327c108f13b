// Questions to the person at the terminal. A key is read without showing it, or from stdin when that is no terminal.

import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";

import { UsageError } from "../exit-code.ts";

const MAX_KEY_BYTES = 4_096;

/** Throws UsageError when nothing came. */
export async function askForKey(): Promise<string> {
  const text = process.stdin.isTTY ? await question("Write key (not shown): ", true) : await readStdin();
  const key = text.trim();
  if (key === "")
    throw new UsageError("No write key came: type it, or give it on stdin (sluice … < key.txt).");
  return key;
}

/** Off a terminal nobody can be asked: `flag` says how to go on. Throws UsageError. */
export async function confirm(what: string, flag: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UsageError(`${what} Nobody can be asked here; add ${flag}.`);
  return /^y(es)?$/i.test((await question(`${what} Go on? [y/N] `, false)).trim());
}

async function question(text: string, isHidden: boolean): Promise<string> {
  let isMuted = false;
  const output = new Writable({
    write(chunk, _, done) {
      if (!isMuted) process.stderr.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  try {
    const answer = lines.question(text);
    isMuted = isHidden;
    return await answer;
  } finally {
    lines.close();
    if (isHidden) process.stderr.write("\n");
  }
}

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_KEY_BYTES)
      throw new UsageError(`stdin holds more than ${MAX_KEY_BYTES} bytes: that is no write key`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
