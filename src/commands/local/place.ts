// Where running processes are found by others of the same user: a folder that is theirs alone, with one socket a process.
//
//   $SLUICE_RUNTIME_DIR, else $XDG_RUNTIME_DIR/sluice, else <temporary folder>/sluice-<uid>      <pid>.sock

import { lstat, mkdir, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { RunError } from "../../engine/errors.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** `sun_path` of macOS has 104 bytes, with the closing zero; that of Linux 108. */
const MAX_PATH_BYTES = 103;

export function runtimeFolder(env: Env): string {
  const { SLUICE_RUNTIME_DIR: own, XDG_RUNTIME_DIR: session } = env;
  if (own) return own;
  if (session) return join(session, "sluice");
  return join(tmpdir(), `sluice-${process.getuid?.() ?? 0}`);
}

export function hasLocalSockets(): boolean {
  return process.platform !== "win32";
}

/** Throws RunError `local-socket`. */
export function socketPath(folder: string, pid: number): string {
  const path = join(folder, `${pid}.sock`);
  if (Buffer.byteLength(path) > MAX_PATH_BYTES)
    throw new RunError(
      "local-socket",
      `the path of a socket may have ${MAX_PATH_BYTES} bytes, and ${path} has more; set SLUICE_RUNTIME_DIR to a shorter folder`,
    );
  return path;
}

/** Makes the folder; refuses one that others may enter or that is not ours. Throws RunError `local-socket`. */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = await lstat(folder);
  const isOurs = uid === process.getuid?.() && (mode & 0o077) === 0;
  if (!isOurs)
    throw new RunError(
      "local-socket",
      `${folder} must be a folder of your own that nobody else may enter (chmod 700)`,
    );
}

/** Processes that may be there; sockets of those that are gone are removed. */
export async function livingPids(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  });
  const pids: number[] = [];
  for (const name of names) {
    const pid = Number(/^(\d+)\.sock$/.exec(name)?.[1]);
    if (!Number.isInteger(pid)) continue;
    if (isAlive(pid)) pids.push(pid);
    else await rm(join(folder, name), { force: true });
  }
  return pids.sort((a, b) => a - b);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Alive, but of another user: its socket is then not ours to use, nor to remove.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
