// Where and when the figures were taken: without it they mean nothing.

import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";

import { root } from "./product.mjs";

export function machineLines() {
  const load = loadavg()[0] ?? 0;
  return [
    ["machine", `${availableParallelism()} cores of ${cpus()[0]?.model.trim() ?? "an unknown CPU"}`],
    ["memory", `${Math.round(totalmem() / 2 ** 30)} GiB`],
    ["system", `${process.platform} ${release()}, Node ${process.version}`],
    ["load", load.toFixed(2)],
    ["date", new Date().toISOString().slice(0, 10)],
    ["commit", commit()],
  ];
}

function commit() {
  try {
    const git = (...args) =>
      execFileSync("git", ["-C", root, ...args], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }).trim();
    const changed = git("status", "--porcelain", "--", "src", "schemas", "package.json") !== "";
    return `${git("rev-parse", "--short=10", "HEAD")}${changed ? ", with changes not committed" : ""}`;
  } catch {
    return "unknown (no git here)"; // A package or an export of the tree: the figures are still worth printing.
  }
}
