import { fileURLToPath } from "node:url";

/** Node's arguments that load one of the scripts of `preload/` before the program. */
export function preload(name: "dns" | "block" | "clock" | "gauge" | "kill-at" | "deadly"): string[] {
  return ["--import", fileURLToPath(new URL(`preload/${name}.mjs`, import.meta.url))];
}
