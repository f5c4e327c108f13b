// Another revision of the product, built in a worktree of its own, to be run in turns with this one.

import { execFileSync } from "node:child_process";
import { existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { folder } from "./launch.mjs";
import { root } from "./product.mjs";

let made;

/** The main script of `revision`. Its packages are ours: a revision that needs others does not build, and says so. */
export async function builtAt(revision, say) {
  made ??= build(revision, say);
  return made;
}

function build(revision, say) {
  const path = join(folder, "against");
  const git = (...args) =>
    execFileSync("git", ["-C", root, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  say(`building ${revision}`);
  git("worktree", "add", "--detach", path, revision);
  process.on("exit", () => git("worktree", "remove", "--force", path));
  symlinkSync(join(root, "node_modules"), join(path, "node_modules"));
  execFileSync("npm", ["run", "--silent", "build"], { cwd: path, stdio: ["ignore", "ignore", "inherit"] });
  const main = join(path, "dist/main.js");
  if (!existsSync(main)) throw new Error(`${revision} did not build`);
  return main;
}
