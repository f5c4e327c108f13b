// What `sluice deploy systemd` wrote, applied: the command, the variables and the restart rules of the unit, with its
// two folders below a folder of the test's own. systemd itself is not there, so its sandbox is not in force here.
//
// stopped -> (start) up -> [it fails] down -> after RestartSec up again
// up -> (stop) SIGTERM, and SIGKILL after TimeoutStopSec -> stopped

import { execFileSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { Child, type Exit } from "../chaos/support/child.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const FOLDERS = /\/(?:etc|var\/lib)\/sluice/g;
const RUNNING = /"msg":"running"/;

export interface UnitWorld {
  /** Stands for `/`. */
  readonly root: string;
  readonly pipeline: string;
  /** Of the operator's shell, when the unit is written. */
  readonly shell: Readonly<Record<string, string>>;
  readonly metricsPort: number;
  /** By how much the rules' times are shorter than those in the unit. */
  readonly timesFaster: number;
}

export class AppliedUnit {
  private child: Child | undefined;
  private stopped = true;

  private constructor(
    private readonly unit: ReadonlyMap<string, readonly string[]>,
    private readonly world: UnitWorld,
  ) {}

  static async write(world: UnitWorld): Promise<AppliedUnit> {
    const text = execFileSync(process.execPath, [MAIN, "deploy", "systemd", world.pipeline], {
      env: { ...process.env, ...world.shell },
      encoding: "utf8",
    });
    const unit = new Map<string, string[]>();
    for (const [, key, value] of text.matchAll(/^([A-Za-z]+)=(.*)$/gm))
      unit.set(key!, [...(unit.get(key!) ?? []), value!]);
    await mkdir(join(world.root, "var/lib/sluice"), { recursive: true });
    return new AppliedUnit(unit, world);
  }

  get pid(): number {
    return this.current.pid;
  }

  get log(): string {
    return this.child?.stderr ?? "";
  }

  /** What the operator keeps in the environment file: secrets, and variables of this machine. */
  async setVariables(variables: Readonly<Record<string, string>>): Promise<void> {
    const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(this.environmentFile, lines.join(""));
  }

  async start(): Promise<void> {
    this.stopped = false;
    await (await this.launch()).says(RUNNING);
  }

  async running(): Promise<void> {
    await this.current.says(RUNNING);
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** `systemctl reload`. */
  reload(): void {
    const [, signal] = /^\/bin\/kill -(\w+) \$MAINPID$/.exec(this.one("ExecReload")) ?? [];
    this.current.process.kill(`SIG${signal}` as NodeJS.Signals); // The unit's own; an unknown one throws.
  }

  signal(name: NodeJS.Signals): void {
    if (this.child?.isAlive) this.child.process.kill(name);
  }

  /** As the kernel does when memory runs out. Resolves when it runs again. */
  async kill(): Promise<void> {
    const { current } = this;
    await current.end("SIGKILL");
    while (this.child === current) await sleep(20);
    await this.running();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    const { child } = this;
    if (!child) return;
    const late = setTimeout(() => child.process.kill("SIGKILL"), Number(this.one("TimeoutStopSec")) * 1_000);
    await child.end("SIGTERM");
    clearTimeout(late);
  }

  async close(): Promise<void> {
    this.stopped = true;
    await this.child?.end("SIGKILL");
  }

  private get current(): Child {
    if (!this.child) throw new Error("the unit was not started");
    return this.child;
  }

  private get environmentFile(): string {
    return this.mapped(this.one("EnvironmentFile").replace(/^-/, ""));
  }

  private async launch(): Promise<Child> {
    const line = this.mapped(this.one("ExecStart")).split(" ");
    if (line.splice(0, 2).join(" ") !== "/usr/bin/env sluice") throw new Error(`not ours: ${line.join(" ")}`);
    const args = line.map((word) =>
      word.replace(/^127\.0\.0\.1:\d+$/, `127.0.0.1:${this.world.metricsPort}`),
    );
    const lines = [
      ...(this.unit.get("Environment") ?? []).map((quoted) => this.mapped(quoted.slice(1, -1))),
      ...(await readFile(this.environmentFile, "utf8")).split("\n").filter((text) => text !== ""),
    ];
    const env = Object.fromEntries(
      lines.map((text) => [text.split("=", 1)[0]!, text.slice(text.indexOf("=") + 1)]),
    );
    const child = new Child(args, { cwd: this.world.root, env });
    this.child = child;
    void child.exit.then((exit) => this.ended(exit));
    return child;
  }

  private async ended({ code, signal }: Exit): Promise<void> {
    const listed = (key: string) => this.one(key).split(" ").map(Number);
    const isFine = code === 0 || listed("SuccessExitStatus").includes(code ?? -1);
    if (
      this.stopped ||
      isFine ||
      (signal === null && listed("RestartPreventExitStatus").includes(code ?? -1))
    )
      return;
    await sleep((Number(this.one("RestartSec")) * 1_000) / this.world.timesFaster);
    if (!this.stopped) await this.launch();
  }

  private one(key: string): string {
    const [value] = this.unit.get(key) ?? [];
    if (value === undefined) throw new Error(`the unit has no ${key}`);
    return value;
  }

  private mapped(text: string): string {
    return text.replaceAll(FOLDERS, (path) => join(this.world.root, path));
  }
}
