// Where the files of one run lie: on this machine, or in Cloud Storage, whose client is opened when it is needed first.

import type { RunContext } from "../../engine/contracts.ts";
import type { CloudStorage } from "./cloud-storage.ts";
import { findInputs, type InputFile } from "./find-inputs.ts";
import { type FileBytes, LocalBytes } from "./positioned-bytes.ts";

export class Reach {
  private storage: Promise<CloudStorage> | undefined;

  constructor(
    private readonly context: RunContext,
    private readonly signal: AbortSignal,
    /** Do not mind when somebody writes a file meanwhile. Objects are read in the generation that was listed in any case. */
    private readonly mayChange: boolean,
  ) {}

  /** Throws RunError by the codes of `findInputs` and `findObjects`. */
  find(patterns: readonly string[]): Promise<InputFile[]> {
    return findInputs(patterns, this.context.baseDir, async (pattern) => {
      const { findObjects } = await import("./find-objects.ts");
      const { context, signal } = this;
      return findObjects(pattern, await this.cloudStorage(), { context, signal });
    });
  }

  /** Not a method: it is handed on. */
  readonly open = async (input: InputFile): Promise<FileBytes> => {
    if (!input.object) return LocalBytes.open(input, this.mayChange);
    const { ObjectBytes } = await import("./object-bytes.ts");
    const { context, signal } = this;
    return new ObjectBytes(input, input.object, await this.cloudStorage(), { context, signal });
  };

  private cloudStorage(): Promise<CloudStorage> {
    this.storage ??= openStorage();
    return this.storage;
  }
}

async function openStorage(): Promise<CloudStorage> {
  const { openCloudStorage } = await import("./cloud-storage.ts");
  return openCloudStorage();
}
