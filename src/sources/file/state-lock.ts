// One run at a time on a state directory. The lock is a file that names its holder; it is made complete and at once
// (written aside, then linked), so that a lock is never half there.
//
//   no lock                                  -> ours
//   holder is a live process of this machine -> `state-locked`
//   holder is dead, or its id was reused     -> taken over
//   holder is on another machine             -> `state-locked` while the lock was touched in the last minute,
//                                               which its holder does every ten seconds; taken over after that

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, readFile, rename, stat, unlink, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

import type { Clock } from "../../engine/clock.ts";
import { RunError } from "../../engine/errors.ts";

interface Holder {
  readonly pid: number;
  /** Of the process, in the system's own unit; "" where the system does not say. */
  readonly startedAt: string;
  readonly host: string;
  readonly token: string;
}

const TOUCH_MS = 10_000;
const ABANDONED_MS = 60_000;
const LOCK_FILE = "lock";

export class StateLock {
  private cancelTouch: () => void = () => {};
  private touching: Promise<void> = Promise.resolve();

  private constructor(
    private readonly path: string,
    private readonly text: string,
    private readonly clock: Clock,
  ) {}

  /** Throws RunError `state-locked`. The directory exists. */
  static async take(directory: string, clock: Clock): Promise<StateLock> {
    const path = join(directory, LOCK_FILE);
    const token = randomUUID();
    const holder: Holder = {
      pid: process.pid,
      startedAt: startOf(process.pid) ?? "",
      host: hostname(),
      token,
    };
    const text = JSON.stringify(holder);
    // Each turn either ends or has seen a lock go; more than a few turns means a crowd, and somebody else has it.
    for (let turn = 0; turn < 5; turn++) {
      if (await create(path, text, token)) {
        const lock = new StateLock(path, text, clock);
        lock.touchLater();
        return lock;
      }
      const held = await readText(path);
      if (held === undefined) continue;
      if (await isHeld(path, held, clock)) throw locked(path, held);
      await takeAway(path, held, token);
    }
    throw locked(path, (await readText(path)) ?? "");
  }

  /** Whether a live process has the directory. */
  static async isHeld(directory: string, clock: Clock): Promise<boolean> {
    const path = join(directory, LOCK_FILE);
    const text = await readText(path);
    return text !== undefined && isHeld(path, text, clock);
  }

  async release(): Promise<void> {
    this.cancelTouch();
    await this.touching;
    if ((await readText(this.path)) === this.text) await unlink(this.path);
  }

  private touchLater(): void {
    this.cancelTouch = this.clock.after(TOUCH_MS, () => {
      const seconds = this.clock.wallMs() / 1000;
      // A lock that cannot be touched is only seen as abandoned from other machines; the run need not stop.
      this.touching = utimes(this.path, seconds, seconds).catch(() => {});
      this.touchLater();
    });
  }
}

async function create(path: string, text: string, token: string): Promise<boolean> {
  const aside = `${path}.${token}`;
  await writeFile(aside, text, { flag: "wx" });
  try {
    await link(aside, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    await unlink(aside);
  }
}

/** Removes exactly the lock that was judged: another run may have taken it over in between. */
async function takeAway(path: string, judged: string, token: string): Promise<void> {
  const aside = `${path}.${token}.old`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  if ((await readText(aside)) !== judged) {
    await link(aside, path).catch((error: unknown) => {
      if (codeOf(error) !== "EEXIST") throw error;
    });
  }
  await unlink(aside);
}

async function isHeld(path: string, text: string, clock: Clock): Promise<boolean> {
  const holder = parse(text);
  if (!holder) return false;
  if (holder.host !== hostname()) {
    const touched = await stat(path).catch(() => undefined);
    return touched !== undefined && clock.wallMs() - touched.mtimeMs < ABANDONED_MS;
  }
  const startedAt = startOf(holder.pid);
  return startedAt !== undefined && (startedAt === "" || startedAt === holder.startedAt);
}

/** When a process began, as the system counts; "" when that is not to be known; undefined when it is not alive. */
function startOf(pid: number): string | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Fields after the name, which stands in brackets and may hold anything; the third is the state.
    const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    // No such process, or no such file system: ask in the portable way.
    return isAlive(pid) ? "" : undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

function parse(text: string): Holder | undefined {
  try {
    const value = JSON.parse(text) as Partial<Holder> | null;
    if (typeof value?.pid !== "number" || typeof value.host !== "string") return undefined;
    return { pid: value.pid, startedAt: value.startedAt ?? "", host: value.host, token: value.token ?? "" };
  } catch {
    // Locks are made whole, so this was never one.
    return undefined;
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function locked(path: string, text: string): RunError {
  const holder = parse(text);
  const who = holder ? `process ${holder.pid} on ${holder.host}` : "another process";
  return new RunError(
    "state-locked",
    `${path} is held by ${who}: another run uses this state directory. Wait for it, or give this run a directory of its own.`,
  );
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
