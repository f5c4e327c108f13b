import { spawnSync } from "node:child_process";

/** Whether a command of the system is here and ends well. */
export function runs(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}
