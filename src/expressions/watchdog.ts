// Runs a function under a time limit that holds even inside a loop: the JavaScript engine itself ends it. Costs
// about 200 µs a call, so it is for what may take long and rarely does.

import { createContext, type Context, Script } from "node:vm";

/** The function did not end in time. */
export class CutOff extends Error {
  override readonly name = "CutOff";
}

interface Box {
  run: () => unknown;
}

export class Watchdog {
  private readonly box: Box = { run: () => undefined };
  private context: Context | undefined;
  private script: Script | undefined;

  constructor(private readonly limitMs: number) {}

  /** Throws CutOff, or what `run` throws. Not re-entrant. */
  within<T>(run: () => T): T {
    this.context ??= createContext({ box: this.box });
    this.script ??= new Script("box.run()");
    this.box.run = run;
    try {
      return this.script.runInContext(this.context, { timeout: this.limitMs }) as T;
    } catch (error) {
      if ((error as { code?: unknown }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT")
        throw new CutOff(`cut off after ${this.limitMs} ms`);
      throw error;
    } finally {
      this.box.run = () => undefined;
    }
  }
}
