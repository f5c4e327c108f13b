// The files that a definition was made of, and whether they are still what they were.

import { createHash } from "node:crypto";

import type { Outside, ReadFile } from "../../config/outside.ts";

/** Larger than any file of a definition. */
const MAX_BYTES = 64 * 1024 * 1024;

export class FilesRead {
  private readonly digests = new Map<string, string>();

  /** The same outside; what is read is noted, and what could not be read as well. */
  watching(outside: Outside): Outside {
    return {
      env: outside.env,
      readFile: async (path, maxBytes) => {
        try {
          const bytes = await outside.readFile(path, maxBytes);
          this.digests.set(path, digestOf(bytes));
          return bytes;
        } catch (error) {
          this.digests.set(path, MISSING);
          throw error;
        }
      },
    };
  }

  get paths(): readonly string[] {
    return [...this.digests.keys()];
  }

  async haveChanged(read: ReadFile): Promise<boolean> {
    for (const [path, digest] of this.digests) {
      const now = await read(path, MAX_BYTES).then(digestOf, () => MISSING);
      if (now !== digest) return true;
    }
    return false;
  }
}

const MISSING = "";

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64");
}
