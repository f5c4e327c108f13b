// Asking Cloud Storage until it answers: truncated exponential backoff with jitter, for the answers that its documentation
// says to retry ("Retry strategy": 408, 429, 5xx, connections that break). Anything else will not get better.

import { type BackoffSettings, fullJitterMs } from "../../engine/backoff.ts";
import { sleep } from "../../engine/clock.ts";
import type { RunContext } from "../../engine/contracts.ts";
import { RunError, toError } from "../../engine/errors.ts";

export interface Asking {
  /** For messages: `gs://bucket/object`. */
  readonly what: string;
  readonly context: Pick<RunContext, "clock" | "random" | "log">;
  readonly signal: AbortSignal;
}

const backoff: BackoffSettings = { baseMs: 250, maxMs: 32_000 };
/** In a row, without a byte in between: some two minutes. */
const MOST_FAILURES = 10;

/**
 * What `attempt` gives in the end. `moved` says whether it came further before it failed: then it may fail again as often
 * as at first. Throws RunError `storage-unavailable`, `storage-refused` or `file-changed`, and the signal's reason.
 */
export async function retrying<T>(
  attempt: () => Promise<T>,
  { what, context, signal }: Asking,
  moved: () => boolean = () => false,
): Promise<T> {
  for (let failures = 0; ; ) {
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (!mayPass(error)) throw refusal(error, what);
      failures = moved() ? 1 : failures + 1;
      if (failures > MOST_FAILURES) throw unavailable(error, what);
      const fields = { object: what, reason: toError(error).message.slice(0, 200), failures };
      context.log.debug(fields, "Cloud Storage failed; trying again");
      await sleep(context.clock, fullJitterMs(failures, context.random, backoff), signal);
      signal.throwIfAborted();
    }
  }
}

/** A status, or the code of a connection that broke; what has neither is no matter of the network. */
function mayPass(error: unknown): boolean {
  const code = codeOf(error);
  if (typeof code === "number") return code === 408 || code === 429 || code >= 500;
  return code !== undefined && /^(E[A-Z]+|ERR_STREAM_PREMATURE_CLOSE|UND_ERR_\w+)$/.test(code);
}

function codeOf(error: unknown): number | string | undefined {
  if (!(error instanceof Error && "code" in error)) return undefined;
  const { code } = error;
  if (typeof code === "number") return code;
  return typeof code === "string" && /^\d{3}$/.test(code) ? Number(code) : String(code);
}

function refusal(error: unknown, what: string): Error {
  if (error instanceof RunError) return error;
  const [code, cause] = [codeOf(error), { cause: error }];
  // The generation that was listed is no longer there, or ends before the bytes that were asked for.
  if (code === 404 || code === 412 || code === 416)
    return new RunError(
      "file-changed",
      `${what} is gone, or was replaced since it was listed (${code}). Use objects that are complete and stay; to read what is there now, start again with force.`,
      cause,
    );
  const reason = typeof code === "number" ? `it answered ${code}` : toError(error).message.slice(0, 200);
  return new RunError(
    "storage-refused",
    `${what} cannot be read: ${reason}. The credentials need roles/storage.objectViewer on the bucket.`,
    cause,
  );
}

function unavailable(error: unknown, what: string): RunError {
  return new RunError(
    "storage-unavailable",
    `${what} could not be read in ${MOST_FAILURES} tries: ${toError(error).message.slice(0, 200)}. Run it again to go on from the checkpoint.`,
    { cause: error },
  );
}
