// The pages as the build made them: a fixed table of a few files, read once. A path that is not in the table is not
// there, so nothing can be walked out of.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

export interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
  /** The same, compressed; undefined: not worth it. */
  readonly gzip: Buffer | undefined;
  readonly etag: string;
  /** Its name changes with its content. */
  readonly isHashed: boolean;
}

/** By path, from `/`. `/index.html` is every page. */
export type PageFiles = ReadonlyMap<string, PageFile>;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Empty when the pages were not built. */
export function readPageFiles(folder: string): PageFiles {
  if (!existsSync(folder)) return new Map();
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const table = new Map<string, PageFile>();
  for (const path of files) {
    const type = TYPES[extname(path)];
    if (type === undefined) continue;
    const bytes = readFileSync(path);
    const name = `/${relative(folder, path).split(sep).join("/")}`;
    table.set(name, {
      type,
      bytes,
      gzip: files.includes(`${path}.gz`) ? readFileSync(`${path}.gz`) : undefined,
      // Weak: the compressed form goes by the same name.
      etag: `W/"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`,
      isHashed: name.startsWith("/assets/"),
    });
  }
  return table;
}

/** Beside the built server, and from its sources where the build puts it. */
export function builtPages(): string {
  const beside = fileURLToPath(new URL("./web/", import.meta.url));
  return existsSync(join(beside, "assets"))
    ? beside
    : fileURLToPath(new URL("../../dist/console/web/", import.meta.url));
}
