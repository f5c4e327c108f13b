// A Redis or Valkey server of this machine, of its own for one test: memory only, loopback, a port that was free.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { freePort } from "./free-port.ts";

const programs = ["redis-server", "valkey-server"];

/** Those of the programs that are installed. */
export const redisPrograms: readonly string[] = programs.filter(
  (program) => spawnSync(program, ["--version"]).status === 0,
);

if (redisPrograms.length === 0) {
  const said = "NOT RUN on a server: neither redis-server nor valkey-server is installed (Debian has both)";
  if (process.env["SLUICE_REQUIRE_REDIS"]) throw new Error(said);
  process.stderr.write(`${said}\n`);
}

export class RedisServer {
  private child: ChildProcess | undefined;
  private readonly folder = mkdtempSync(join(tmpdir(), "sluice-redis-"));

  private constructor(
    private readonly program: string,
    readonly port: number,
  ) {}

  static async start(program: string): Promise<RedisServer> {
    const server = new RedisServer(program, await freePort());
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const options = ["--port", String(this.port), "--bind", "127.0.0.1", "--save", "", "--dir", this.folder];
    const child = spawn(this.program, options, { stdio: ["ignore", "pipe", "ignore"] });
    this.child = child;
    await new Promise<void>((resolve, reject) => {
      let said = "";
      child.stdout.on("data", (data) => {
        said += data;
        if (/ready to accept connections/i.test(said)) resolve();
      });
      child.once("exit", () => reject(new Error(`${this.program} did not start: ${said}`)));
    });
  }

  /** Without a goodbye, and with all it knew. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
