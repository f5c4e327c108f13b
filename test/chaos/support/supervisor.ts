// Keeps the program running, as an orchestrator does, and harms it when asked.
//
// down -> (start) up -> [killed, or it ended by itself] down -> after RESTART_MS up again
// up -> (stop) SIGTERM, or SIGKILL in the end -> over

import { setTimeout as sleep } from "node:timers/promises";

import { Child, type ChildOptions, type Exit } from "./child.ts";

const RUNNING = /"msg":"running"/;
const RESTART_MS = 150;
/** Longer than any drain in these tests. */
const STOP_MS = 30_000;

export interface ProgramExit extends Exit {
  /** What was done to it, if anything. */
  readonly asked: NodeJS.Signals | undefined;
  readonly stderr: string;
}

export class Supervisor {
  readonly exits: ProgramExit[] = [];
  starts = 0;
  /** How long the first start took. */
  startedInMs = 0;
  private child: Child | undefined;
  private asked: NodeJS.Signals | undefined;
  private over = false;
  private restarting: Promise<void> = Promise.resolve();

  constructor(
    private readonly args: readonly string[],
    private options: ChildOptions,
  ) {}

  /** Resolves when it says that it runs. */
  async start(): Promise<void> {
    this.over = false;
    const startedAt = performance.now();
    await this.launch().says(RUNNING);
    this.startedInMs ||= performance.now() - startedAt;
  }

  /** Resolves when the process that runs now says that it runs. */
  async running(): Promise<void> {
    await this.current.says(RUNNING);
  }

  /** For the next start. */
  change(options: Partial<ChildOptions>): void {
    this.options = { ...this.options, ...options };
  }

  get pid(): number {
    return this.current.pid;
  }

  /** Of the process that runs now. */
  get stderr(): string {
    return this.current.stderr;
  }

  says(pattern: RegExp): Promise<RegExpExecArray> {
    return this.current.says(pattern);
  }

  /** SIGKILL; it is started again. */
  async kill(): Promise<void> {
    this.asked = "SIGKILL";
    const { current } = this;
    await current.end("SIGKILL");
    await this.restarting;
  }

  /** A signal that ends the process in the system's way; it is started again. */
  async hit(name: NodeJS.Signals): Promise<void> {
    this.asked = name;
    await this.current.end(name);
    await this.restarting;
  }

  /** SIGTERM; it drains, ends, and is started again. */
  async restart(): Promise<void> {
    this.asked = "SIGTERM";
    await this.current.end("SIGTERM");
    await this.restarting;
  }

  /** The process stands still for so long. */
  async freeze(ms: number): Promise<void> {
    const child = this.current.process;
    child.kill("SIGSTOP");
    await sleep(ms);
    child.kill("SIGCONT");
  }

  signal(name: NodeJS.Signals): void {
    this.current.process.kill(name);
  }

  /** SIGTERM as soon as it runs, and no new start. Yields how it ended. */
  async stop(): Promise<ProgramExit> {
    const child = this.current;
    await child.says(RUNNING);
    this.over = true;
    this.asked ??= "SIGTERM";
    const late = setTimeout(() => child.process.kill("SIGKILL"), STOP_MS);
    await child.end("SIGTERM");
    clearTimeout(late);
    await this.restarting;
    return this.exits.at(-1)!;
  }

  async close(): Promise<void> {
    this.over = true;
    await this.child?.end("SIGKILL");
  }

  private get current(): Child {
    if (!this.child) throw new Error("the program was not started");
    return this.child;
  }

  private launch(): Child {
    this.starts += 1;
    const child = new Child(this.args, this.options);
    this.child = child;
    this.restarting = child.exit.then(async (exit) => {
      this.exits.push({ ...exit, asked: this.asked, stderr: child.stderr });
      this.asked = undefined;
      if (this.over) return;
      await sleep(RESTART_MS);
      if (!this.over) this.launch();
    });
    return child;
  }
}
