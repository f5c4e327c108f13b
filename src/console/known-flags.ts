// Every flag that is known, by key, with what holds in each environment: on in git or at LaunchDarkly, on in the
// store, or only seen in events.

import { ANY_PROJECT } from "../destinations/stored-destination.ts";
import type { ConsoleWorld } from "./console-world.ts";

export interface FlagInEnvironment {
  on: boolean;
  /** On by the pipeline's own enablement. */
  declared: boolean;
  delivered: number;
  dropped: number;
}

export type KnownFlags = ReadonlyMap<string, ReadonlyMap<string, FlagInEnvironment>>;

/** `project` `*` takes in every project; flags sort by key. */
export function knownFlags(world: ConsoleWorld, project: string, only: string | undefined): KnownFlags {
  const flags = new Map<string, Map<string, FlagInEnvironment>>();
  const entry = (flag: string, environment: string): FlagInEnvironment => {
    const places = flags.get(flag) ?? new Map<string, FlagInEnvironment>();
    flags.set(flag, places);
    const known = places.get(environment) ?? { on: false, declared: false, delivered: 0, dropped: 0 };
    places.set(environment, known);
    return known;
  };
  const isMeant = (of: string | undefined, environment: string) =>
    (only === undefined || only === environment) &&
    (project === ANY_PROJECT || of === undefined || of === ANY_PROJECT || of === project);

  for (const { delivered, dropped, environment, flag } of world.seenFlags.all())
    if (isMeant(undefined, environment)) Object.assign(entry(flag, environment), { delivered, dropped });
  for (const one of world.enablement.list())
    if (isMeant(one.project, one.environment))
      for (const flag of world.enablement.flags(one)) entry(flag, one.environment).on = true;
  for (const { enablement } of world.pipelines())
    for (const { project: of, environment, exported } of enablement.list())
      if (isMeant(of, environment))
        for (const flag of exported.flags)
          Object.assign(entry(flag, environment), { on: true, declared: true });
  return new Map([...flags].sort(([a], [b]) => (a < b ? -1 : 1)));
}
