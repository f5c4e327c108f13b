// Requests to the local socket of a running process.

import { get, type IncomingMessage } from "node:http";

import { RunError } from "../../engine/errors.ts";

const PATIENCE_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** Throws RunError `local-api` with what the process says, and the system's error when nobody answers. */
export async function ask<T>(socketPath: string, path: string): Promise<T> {
  const response = await open(socketPath, path);
  const text = await textOf(response);
  if (response.statusCode !== 200) throw new RunError("local-api", messageOf(text, response.statusCode));
  // What it is, is said by the other side's schema; both are one program.
  return JSON.parse(text) as T;
}

export interface SentEvent {
  readonly event: string;
  readonly data: string;
}

/** Server-sent events, until the process or `signal` ends them. Throws RunError `local-api`. */
export async function* listen(
  socketPath: string,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<SentEvent> {
  const response = await open(socketPath, path);
  if (response.statusCode !== 200)
    throw new RunError("local-api", messageOf(await textOf(response), response.statusCode));
  const stop = () => response.destroy();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    yield* eventsOf(response);
  } catch (error) {
    // Leaving ends the stream in the middle, and so does a process that ends.
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (!signal.aborted && code !== "ECONNRESET" && code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    response.destroy();
  }
}

async function* eventsOf(response: IncomingMessage): AsyncGenerator<SentEvent> {
  response.setEncoding("utf8");
  let rest = "";
  for await (const piece of response as AsyncIterable<string>) {
    const blocks = (rest + piece).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const lines = block.split("\n");
      const field = (name: string) =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      const data = field("data");
      if (data !== undefined) yield { event: field("event") ?? "message", data };
    }
  }
}

function open(socketPath: string, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = get({ socketPath, path, headers: { host: "localhost" } }, (response) => {
      request.setTimeout(0);
      resolve(response);
    });
    request.setTimeout(PATIENCE_MS, () => {
      request.destroy(
        new RunError("local-api", `the process does not answer within ${PATIENCE_MS / 1000} s`),
      );
    });
    request.once("error", reject);
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  response.setEncoding("utf8");
  let text = "";
  for await (const piece of response as AsyncIterable<string>) {
    text += piece;
    if (text.length > MAX_ANSWER_BYTES) throw new RunError("local-api", "the answer is too long");
  }
  return text;
}

function messageOf(text: string, status: number | undefined): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === "string") return message;
  } catch {
    // Not one of our answers: its status says what there is to say.
  }
  return `the process answered ${status}`;
}
