// A process that does next to nothing, beside the program and looked at by the same gauge in the same minutes: how
// late its event loop is, the machine is. What the program's is late beyond that is the program's own.

import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

import { preload } from "./preload.ts";

const SCRIPT = fileURLToPath(new URL("preload/bystander.mjs", import.meta.url));

export class Bystander {
  private constructor(private readonly child: ChildProcess) {}

  /** `env` as the gauge reads it. */
  static start(cwd: string, env: Readonly<Record<string, string>>): Bystander {
    const child = spawn(process.execPath, ["--expose-gc", ...preload("gauge"), SCRIPT], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", "inherit"],
    });
    return new Bystander(child);
  }

  close(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      if (this.child.exitCode !== null || this.child.signalCode !== null) resolve();
      else this.child.once("exit", () => resolve());
    });
    this.child.kill("SIGKILL");
    return ended;
  }
}
