// A process of the built program, and what it says.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** SLUICE_MAIN tries another build than the one of this folder: an installed package, an older version. */
const MAIN = process.env["SLUICE_MAIN"] ?? fileURLToPath(new URL("../../../dist/main.js", import.meta.url));
/** What is kept of each stream; the oldest goes first. */
const MAX_KEPT = 8 * 1024 * 1024;

export interface ChildOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly node?: readonly string[];
  /** A command in front, such as `["faketime", "+1h"]`. */
  readonly prefix?: readonly string[];
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Child {
  readonly process: ChildProcess;
  readonly exit: Promise<Exit>;
  stdout = "";
  stderr = "";
  private readonly listeners = new Set<() => void>();

  constructor(args: readonly string[], options: ChildOptions = {}) {
    if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run \`make build\` first`);
    const line = [...(options.prefix ?? []), process.execPath, ...(options.node ?? []), MAIN, ...args];
    const child = spawn(line[0]!, line.slice(1), {
      cwd: options.cwd,
      env: { ...process.env, NO_COLOR: "1", METADATA_SERVER_DETECTION: "none", ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.process = child;
    for (const name of ["stdout", "stderr"] as const)
      child[name]!.setEncoding("utf8").on("data", (text: string) => {
        this[name] = (this[name] + text).slice(-MAX_KEPT);
        for (const listener of [...this.listeners]) listener();
      });
    this.exit = new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal })));
  }

  get pid(): number {
    return this.process.pid!;
  }

  get isAlive(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Resolves with the match in what either stream said; rejects when the process ends, or time does, without it. */
  says(pattern: RegExp, withinMs = 90_000): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const found = () => pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
      const done = (why: string) => {
        clearTimeout(timer);
        this.listeners.delete(look);
        const match = found();
        if (match) resolve(match);
        else reject(new Error(`${why} before it said ${pattern}: …${this.stderr.slice(-3_000)}`));
      };
      const look = () => {
        if (found()) done("");
      };
      const timer = setTimeout(() => done(`${withinMs} ms passed`), withinMs);
      this.listeners.add(look);
      look();
      void this.exit.then(({ code, signal }) => done(`it ended (${code ?? signal})`));
    });
  }

  async end(signal: NodeJS.Signals = "SIGKILL"): Promise<Exit> {
    if (this.isAlive) this.process.kill(signal);
    return this.exit;
  }
}
