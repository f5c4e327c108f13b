// Finds destinations by environment, for every event: two look-ups, nothing allocated, always the same list.

import type { Destination, Destinations } from "../engine/contracts.ts";

const NONE: readonly Destination[] = [];

interface OfEnvironment {
  /** For projects that no destination names. */
  readonly anyProject: readonly Destination[];
  readonly byProject: ReadonlyMap<string, readonly Destination[]>;
}

/** `list` has unique ids. Lists keep its order. */
export function destinationIndex(list: readonly Destination[]): Destinations {
  const byId = new Map(list.map((destination) => [destination.id, destination]));
  const on = list.filter((destination) => destination.on);
  const environments = new Set(on.map((destination) => destination.environment));
  const index = new Map(
    [...environments].map((environment) => [environment, ofEnvironment(on, environment)]),
  );
  return {
    forEnvironment: (project, environment) => {
      const found = index.get(environment);
      return found ? (found.byProject.get(project) ?? found.anyProject) : NONE;
    },
    get: (id) => byId.get(id),
    all: () => list,
  };
}

function ofEnvironment(on: readonly Destination[], environment: string): OfEnvironment {
  const here = on.filter((destination) => destination.environment === environment);
  const byProject = new Map<string, readonly Destination[]>();
  for (const { project } of here) {
    if (project === undefined || byProject.has(project)) continue;
    byProject.set(
      project,
      here.filter((other) => other.project === undefined || other.project === project),
    );
  }
  return { anyProject: here.filter((destination) => destination.project === undefined), byProject };
}
