import type { ByteSource } from "../../src/avro/byte-window.ts";

/** A file in memory. */
export function bytesOf(file: Buffer): ByteSource {
  return {
    size: file.length,
    read: async (position, length) => Buffer.from(file.subarray(position, position + length)),
  };
}
