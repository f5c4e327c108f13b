// A revision of git in place of the files on the disk: the pipeline as it was, with the files that it named then.

import { execFile } from "node:child_process";
import { dirname, relative, sep } from "node:path";
import { promisify } from "node:util";

import { FileTooLarge, type Outside, readRegularFile } from "../../config/outside.ts";
import { toError } from "../../engine/errors.ts";
import { UsageError } from "../exit-code.ts";

const run = promisify(execFile);

/** Files outside of the repository are read as they are. Throws UsageError without git, repository or revision. */
export async function gitOutside(file: string, revision: string, env: Outside["env"]): Promise<Outside> {
  const cwd = dirname(file);
  const root = await git(cwd, "rev-parse", "--show-toplevel");
  // `--verify` and the braces keep a revision from being read as an option or a path.
  const commit = await git(
    cwd,
    "rev-parse",
    "--verify",
    "--quiet",
    "--end-of-options",
    `${revision}^{commit}`,
  );
  return {
    env,
    async readFile(path, maxBytes) {
      const inside = relative(root, path).split(sep).join("/");
      if (inside.startsWith("../") || inside === "..") return readRegularFile(path, maxBytes);
      return show(cwd, `${commit}:${inside}`, maxBytes);
    },
  };
}

async function git(cwd: string, ...args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run("git", args, { cwd });
    return stdout.trim();
  } catch (error) {
    throw new UsageError(
      `git ${args[0]} failed here; is this a repository, and the revision in it? ${toError(error).message.split("\n").at(-1)}`,
    );
  }
}

async function show(cwd: string, object: string, maxBytes: number): Promise<Uint8Array> {
  try {
    const { stdout } = await run("git", ["cat-file", "blob", object], {
      cwd,
      encoding: "buffer",
      maxBuffer: maxBytes,
    });
    return stdout;
  } catch (error) {
    const isTooLarge =
      error instanceof Error && "code" in error && error.code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER";
    if (isTooLarge) throw new FileTooLarge(maxBytes + 1, maxBytes);
    throw Object.assign(new Error("it is not in that revision", { cause: error }), { code: "ENOENT" });
  }
}
