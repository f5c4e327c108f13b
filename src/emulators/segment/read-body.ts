import type { IncomingMessage } from "node:http";

/** Calls `done` once: with the whole body, or with undefined when it is longer than `maxBytes`. */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  done: (body: Buffer | undefined) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
    else if (bytes - chunk.length <= maxBytes) done(undefined);
  });
  request.on("end", () => {
    if (bytes > maxBytes) return;
    done(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes));
  });
}
