// A connection to Redis or Valkey that makes itself again. While there is none a question fails at once, so that
// whoever asks goes on without an answer.

import { createHash } from "node:crypto";

import { createClient, type RedisArgument } from "@redis/client";

import type { Logger } from "../engine/contracts.ts";
import { toError } from "../engine/errors.ts";

const RECONNECT_MS = 250;
const MOST_QUESTIONS = 10_000;

export interface ConnectionOptions {
  /** `redis://` or `rediss://`, with user and password where the server asks for them. */
  readonly url: string;
  readonly log: Logger;
  /** In the log: `rate store`. */
  readonly what: string;
  /** Of the log's line when it is lost. */
  readonly code: string;
}

export type RedisConnection = ReturnType<typeof connectRedis>;

/** Says once that it is lost, and when it is there again. */
export function connectRedis({ url, log, what, code }: ConnectionOptions) {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    commandsQueueMaxLength: MOST_QUESTIONS,
    socket: { connectTimeout: 2_000, reconnectStrategy: RECONNECT_MS },
  });
  const server = new URL(url).host;
  let saidLost = false;
  client.on("error", (error) => {
    if (saidLost) return;
    saidLost = true;
    const reason = toError(error).message || "no connection";
    log.warn({ server, code }, `the ${what} does not answer: ${reason}`);
  });
  client.on("ready", () => {
    saidLost = false;
    log.info({ server }, `connected to the ${what}`);
  });
  // Settles when there is a connection at last; what goes wrong before is told by "error".
  client.connect().catch((error) => client.emit("error", error));
  return client;
}

export interface Script {
  readonly text: string;
  readonly sha: string;
}

export function scriptOf(text: string): Script {
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}

/** By its digest, and in full where the server does not know it yet. Rejects after `answerMs`. */
export async function runScript(
  client: RedisConnection,
  script: Script,
  keys: string[],
  parts: RedisArgument[],
  answerMs: number,
): Promise<unknown> {
  const options = { keys, arguments: parts };
  const inTime = client.withAbortSignal(AbortSignal.timeout(answerMs));
  try {
    return await within(answerMs, inTime.evalSha(script.sha, options));
  } catch (error) {
    if (!toError(error).message.startsWith("NOSCRIPT")) throw error;
    return await within(answerMs, inTime.eval(script.text, options));
  }
}

/** The client's own signal ends only what was not sent yet. */
function within<T>(ms: number, reply: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`no answer within ${ms} ms`));
    const timer = setTimeout(late, ms);
    reply.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
