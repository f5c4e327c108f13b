import type { Readable } from "node:stream";

import type { Clock } from "../../engine/clock.ts";

/** Twice the kilobyte that may be shown, so that a key across the cut is still seen whole and taken out. */
export const EXCERPT_BYTES = 2_048;
const MAX_BODY_BYTES = 65_536;
const MAX_DRAIN_MS = 1_000;

/**
 * Drains an answer so that its connection can be used again, and resolves with its beginning. Never rejects:
 * the status was decided before. A body that is longer than 64 KB or takes longer than a second costs its
 * connection instead.
 */
export function readExcerpt(body: Readable, clock: Clock): Promise<string> {
  return new Promise((resolve) => {
    const kept: Buffer[] = [];
    let keptBytes = 0;
    let seenBytes = 0;
    const cancel = clock.after(MAX_DRAIN_MS, () => void body.destroy());
    body.on("data", (chunk: Buffer) => {
      seenBytes += chunk.length;
      if (keptBytes < EXCERPT_BYTES) {
        const part = chunk.subarray(0, EXCERPT_BYTES - keptBytes);
        kept.push(part);
        keptBytes += part.length;
      }
      if (seenBytes > MAX_BODY_BYTES) body.destroy();
    });
    // A cut or aborted body ends in 'error'; 'close' always follows, and what came is what there is.
    body.on("error", () => undefined);
    body.once("close", () => {
      cancel();
      resolve(Buffer.concat(kept).toString("utf8"));
    });
  });
}
