// Every change to the enablement kept in the store goes through here. What is switched on here adds to what the
// pipeline's own enablement says; nothing here switches off what stands in git or at LaunchDarkly.
//
//   ["environment", environment, project]   StoredEnvironment      small: read whenever something changed
//   ["flags", environment, project]         string[], sorted       read when the environment's version changed

import { randomUUID } from "node:crypto";

import Type from "typebox";

import { checkInput, invalid } from "./check-input.ts";
import { Conflict } from "./destination-keeper.ts";
import type { Store, StoreView, StoreWriter } from "./store.ts";
import { KEY_PATTERN, PROJECT_PATTERN } from "./stored-destination.ts";

export interface StoredEnvironment {
  readonly project: string;
  readonly environment: string;
  readonly allFlags: boolean;
  readonly events: boolean;
  readonly flagCount: number;
  /** Grows with each change. */
  readonly version: number;
  /** Never the same twice, though the environment be removed and listed again. */
  readonly revision: string;
}

export const environmentPath = Type.Object({
  project: Type.String({ pattern: PROJECT_PATTERN, description: "Project id; `*` for any project." }),
  environment: Type.String({ pattern: KEY_PATTERN, description: "Environment id: the client-side id." }),
});

export const environmentChange = Type.Object(
  {
    allFlags: Type.Optional(
      Type.Boolean({ description: "Every flag, and every click, page and custom event." }),
    ),
    events: Type.Optional(Type.Boolean({ description: "Click, page view, custom and alias events." })),
  },
  { additionalProperties: false },
);

export interface EnvironmentChange {
  readonly allFlags?: boolean | undefined;
  readonly events?: boolean | undefined;
  readonly flagsOn?: readonly string[] | undefined;
  readonly flagsOff?: readonly string[] | undefined;
}

export interface EnvironmentName {
  readonly project: string;
  readonly environment: string;
}

const MAX_ENVIRONMENTS = 1_000;
const MAX_FLAGS = 200_000;
const FLAG_KEY = new RegExp(KEY_PATTERN);

export class EnablementKeeper {
  constructor(private readonly store: Store) {}

  list(): StoredEnvironment[] {
    return listed(this.store);
  }

  get(name: EnvironmentName): StoredEnvironment | undefined {
    return this.store.get<StoredEnvironment>(environmentKey(name));
  }

  flags(name: EnvironmentName): readonly string[] {
    return this.store.get<string[]>(flagsKey(name)) ?? [];
  }

  /**
   * An environment that is not listed is listed then, with its events on, as in `enablement.yaml`. Throws
   * InvalidInput, Conflict.
   */
  async change(name: EnvironmentName, change: EnvironmentChange): Promise<StoredEnvironment> {
    checkInput(environmentPath, { ...name }, "the environment");
    for (const flag of [...(change.flagsOn ?? []), ...(change.flagsOff ?? [])])
      if (!FLAG_KEY.test(flag))
        throw invalid("/flagKey", "wrong-format", "a flag key has letters, digits, . _ and -");
    return this.store.change((writer) => {
      const before = writer.get<StoredEnvironment>(environmentKey(name));
      if (!before && listed(writer).length >= MAX_ENVIRONMENTS)
        throw new Conflict("limit-reached", `the store lists ${MAX_ENVIRONMENTS} environments, its limit`);
      const flagCount = changeFlags(writer, name, change) ?? before?.flagCount ?? 0;
      const after: StoredEnvironment = {
        project: name.project,
        environment: name.environment,
        allFlags: change.allFlags ?? before?.allFlags ?? false,
        events: change.events ?? before?.events ?? true,
        flagCount,
        version: (before?.version ?? 0) + 1,
        revision: randomUUID(),
      };
      writer.put(environmentKey(name), after);
      return after;
    });
  }

  /** Nothing of it is exported by the store any more. False: it was not listed. */
  async remove(name: EnvironmentName): Promise<boolean> {
    return this.store.change((writer) => {
      if (writer.get(environmentKey(name)) === undefined) return false;
      writer.remove(environmentKey(name));
      writer.remove(flagsKey(name));
      return true;
    });
  }
}

/** The new count; undefined when no flag is named. */
function changeFlags(
  writer: StoreWriter,
  name: EnvironmentName,
  { flagsOn = [], flagsOff = [] }: EnvironmentChange,
): number | undefined {
  if (flagsOn.length === 0 && flagsOff.length === 0) return undefined;
  const flags = new Set(writer.get<string[]>(flagsKey(name)) ?? []);
  for (const flag of flagsOn) flags.add(flag);
  for (const flag of flagsOff) flags.delete(flag);
  if (flags.size > MAX_FLAGS)
    throw new Conflict(
      "limit-reached",
      `an environment lists at most ${MAX_FLAGS} flags; switch all on instead`,
    );
  writer.put(flagsKey(name), [...flags].sort());
  return flags.size;
}

function listed(view: StoreView): StoredEnvironment[] {
  return view.under<StoredEnvironment>(["environment"]).map(({ value }) => value);
}

function environmentKey({ project, environment }: EnvironmentName): string[] {
  return ["environment", environment, project];
}

function flagsKey({ project, environment }: EnvironmentName): string[] {
  return ["flags", environment, project];
}
