// What a pipeline's own enablement exports and what the store adds to it, as one. A flag passes when either says so.

import type { Enablement, EnvironmentExport } from "../engine/contracts.ts";

interface Joined {
  readonly added: EnvironmentExport;
  readonly both: EnvironmentExport;
}

export class LiveEnablement implements Enablement {
  private stored: Enablement = { forEnvironment: () => undefined };
  /** By the pipeline's own export, which is another object when it changes. */
  private readonly joined = new WeakMap<EnvironmentExport, Joined>();

  /** `own` may itself change: a new object for an environment is a new export. */
  constructor(private readonly own: Enablement) {}

  replaceStored(stored: Enablement): void {
    this.stored = stored;
  }

  forEnvironment(project: string, environment: string): EnvironmentExport | undefined {
    const own = this.own.forEnvironment(project, environment);
    const added = this.stored.forEnvironment(project, environment);
    if (!own || !added) return own ?? added;
    return this.join(own, added);
  }

  private join(own: EnvironmentExport, added: EnvironmentExport): EnvironmentExport {
    const known = this.joined.get(own);
    if (known?.added === added) return known.both;
    const both = {
      allFlags: own.allFlags || added.allFlags,
      events: own.events || added.events,
      flags: new Set([...own.flags, ...added.flags]),
    };
    this.joined.set(own, { added, both });
    return both;
  }
}
