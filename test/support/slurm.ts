// A Slurm cluster of two nodes on this machine, of its own for one test: its controller, two node daemons and munge, from
// Debian's packages, on free ports of loopback. It needs root, as node daemons change to the user of a job.

import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

import { freePort } from "./free-port.ts";

const PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol"];
const CPUS_A_NODE = 4;
const START_MS = 30_000;
const execute = promisify(execFile);

export interface Task {
  readonly index: number;
  readonly state: string;
  /** Empty while it waits. */
  readonly node: string;
}

export class SlurmCluster {
  private readonly daemons: ChildProcess[] = [];

  private constructor(
    readonly folder: string,
    readonly version: string,
  ) {}

  /** Why there is none, or the cluster with both nodes idle. */
  static async start(): Promise<SlurmCluster | string> {
    if (process.getuid?.() !== 0) return "Slurm's daemons need root";
    const missing = PROGRAMS.filter((program) => spawnSync(program, ["--version"]).error);
    if (missing.length > 0)
      return `${missing.join(", ")} not installed (Debian: slurmctld slurmd slurm-client munge)`;
    const version = spawnSync("slurmctld", ["-V"], { encoding: "utf8" }).stdout.trim();
    const cluster = new SlurmCluster(await mkdtemp(join(tmpdir(), "sluice-slurm-")), version);
    try {
      await cluster.boot();
      return cluster;
    } catch (error) {
      const log = await readFile(join(cluster.folder, "ctld.log"), "utf8").catch(() => "");
      await cluster.close();
      return `Slurm did not start: ${String(error)} ${log.slice(-500)}`;
    }
  }

  get env(): Record<string, string> {
    return { SLURM_CONF: join(this.folder, "slurm.conf") };
  }

  /** The number of the job. */
  submit(args: readonly string[], env: Readonly<Record<string, string>>): string {
    return this.ask("sbatch", ["--parsable", ...args], env);
  }

  /** Tasks that wait or run. Does not block: the receiver of what they send may be in this process. */
  async tasks(job: string): Promise<Task[]> {
    const env = { ...process.env, ...this.env };
    const { stdout } = await execute("squeue", ["-h", "-r", "-j", job, "-o", "%K %T %N"], { env });
    const lines = stdout.split("\n").filter((line) => line !== "");
    return lines.map((line) => {
      const [index, state = "", node = ""] = line.split(" ");
      return { index: Number(index), state, node };
    });
  }

  async close(): Promise<void> {
    spawnSync("scancel", ["--user=root"], { env: { ...process.env, ...this.env } });
    for (const daemon of this.daemons.reverse()) {
      const gone = new Promise((resolve) => daemon.once("exit", resolve));
      if (daemon.exitCode !== null || daemon.signalCode !== null) continue;
      daemon.kill("SIGTERM");
      await Promise.race([gone, sleep(5_000).then(() => daemon.kill("SIGKILL"))]);
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  private async boot(): Promise<void> {
    const { folder } = this;
    for (const name of ["state", "spool-node1", "spool-node2"]) await mkdir(join(folder, name));
    await writeFile(join(folder, "key"), randomBytes(1024), { mode: 0o400 });
    const at = (name: string) => join(folder, `munge.${name}`);
    this.spawn("munged", [
      ...["--foreground", "--force", `--key-file=${join(folder, "key")}`, `--socket=${at("socket")}`],
      ...[`--pid-file=${at("pid")}`, `--log-file=${at("log")}`, `--seed-file=${at("seed")}`],
    ]);
    const ports = { controller: await freePort(), node1: await freePort(), node2: await freePort() };
    await writeFile(join(folder, "slurm.conf"), configuration(folder, ports));
    await this.until("munge", () => spawnSync("munge", ["-n", "-S", at("socket")]).status === 0);
    this.spawn("slurmctld", ["-D"]);
    for (const node of ["node1", "node2"]) this.spawn("slurmd", ["-D", "-N", node]);
    await this.until("two idle nodes", () => {
      const { status, stdout } = this.run("sinfo", ["-h", "-N", "-o", "%T"]);
      return status === 0 && stdout.trim() === "idle\nidle";
    });
  }

  private spawn(program: string, args: readonly string[]): void {
    const child = spawn(program, args, { env: { ...process.env, ...this.env }, stdio: "ignore" });
    child.once("error", () => {});
    this.daemons.push(child);
  }

  private ask(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
    const { status, stdout, stderr } = this.run(program, args, env);
    if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  }

  private run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    return spawnSync(program, args, { encoding: "utf8", env: { ...process.env, ...this.env, ...env } });
  }

  private async until(what: string, isSo: () => boolean): Promise<void> {
    for (const end = Date.now() + START_MS; !isSo(); await sleep(200))
      if (Date.now() > end) throw new Error(`no ${what} after ${START_MS} ms`);
  }
}

/** `cred_expire`: a task that was put back waits as long as its old credential lives, two minutes unless said. */
function configuration(
  folder: string,
  ports: { readonly controller: number; readonly node1: number; readonly node2: number },
): string {
  const host = hostname().split(".")[0];
  const node = (name: "node1" | "node2") =>
    `NodeName=${name} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${ports[name]} CPUs=${CPUS_A_NODE}`;
  return `ClusterName=sluice
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${ports.controller}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=${folder}/munge.socket,cred_expire=5
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_interval=1
SlurmdParameters=config_overrides
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool-%n
SlurmctldPidFile=${folder}/ctld.pid
SlurmdPidFile=${folder}/slurmd-%n.pid
SlurmctldLogFile=${folder}/ctld.log
SlurmdLogFile=${folder}/slurmd-%n.log
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
MailProg=/bin/true
ReturnToService=2
${node("node1")}
${node("node2")}
PartitionName=main Nodes=node1,node2 Default=YES State=UP MaxTime=INFINITE
`;
}
