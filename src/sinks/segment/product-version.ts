import { readFileSync } from "node:fs";

let known: string | undefined;

/**
 * Sluice's own version, which Segment gets to see in the user agent and in `context.library`. Read once, from
 * the package file: three folders up both from the sources and from the build.
 */
export function productVersion(): string {
  if (known === undefined) {
    const file = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
    const { version } = JSON.parse(file) as { version?: unknown };
    known = typeof version === "string" ? version : "0.0.0";
  }
  return known;
}
