// Carries what is in the store into running pipelines: once at the start, then whenever something changed.
//
// Life: reading (from `StoreFeed.start`) -> stopped.

import type {
  Destination,
  Destinations,
  Enablement,
  EnvironmentExport,
  Logger,
} from "../engine/contracts.ts";
import type { Reach } from "../engine/reach.ts";
import { EnablementKeeper, type StoredEnvironment } from "./enablement-keeper.ts";
import type { KeyRing } from "./kept-write-key.ts";
import { LiveDestinations } from "./live-destinations.ts";
import { LiveEnablement } from "./live-enablement.ts";
import type { Store } from "./store.ts";
import { ANY_PROJECT, type StoredDestination, toDestination } from "./stored-destination.ts";

interface KnownDestination {
  readonly text: string;
  readonly destination: Destination;
}

interface KnownEnvironment {
  readonly revision: string;
  readonly exported: EnvironmentExport;
}

export interface FeedContext {
  readonly ring: KeyRing;
  /** What stored destinations may connect to. */
  readonly reach: Reach;
  readonly log: Logger;
}

export class StoreFeed {
  private readonly liveDestinations = new Set<LiveDestinations>();
  private readonly liveEnablements = new Set<LiveEnablement>();
  private readonly listeners = new Set<() => void>();
  private known = new Map<string, KnownDestination>();
  private environments = new Map<string, KnownEnvironment>();
  private readonly unwatch: () => void;

  private constructor(
    private readonly store: Store,
    private readonly ring: KeyRing,
    private readonly reach: Reach,
    private readonly log: Logger,
  ) {
    this.read();
    this.unwatch = store.watch(() => this.changed());
  }

  static start(store: Store, { ring, reach, log }: FeedContext): StoreFeed {
    return new StoreFeed(store, ring, reach, log);
  }

  destinationsWith(declared: Destinations): LiveDestinations {
    const live = new LiveDestinations(declared);
    live.replaceStored(this.destinations());
    this.liveDestinations.add(live);
    return live;
  }

  enablementWith(own: Enablement): LiveEnablement {
    const live = new LiveEnablement(own);
    live.replaceStored(this.enablement());
    this.liveEnablements.add(live);
    return live;
  }

  /** Nobody looks at these any more. */
  forget(destinations: LiveDestinations, enablement: LiveEnablement): void {
    this.liveDestinations.delete(destinations);
    this.liveEnablements.delete(enablement);
  }

  /** Called after everything that `destinationsWith` and `enablementWith` gave out is up to date. */
  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  stop(): void {
    this.unwatch();
    this.listeners.clear();
  }

  private changed(): void {
    try {
      this.read();
    } catch (error) {
      // What was read last goes on holding: better than to stop a pipeline for it.
      this.log.error({ err: error }, "the store changed and cannot be read; the settings before it stay");
      return;
    }
    const destinations = this.destinations();
    for (const live of this.liveDestinations) live.replaceStored(destinations);
    const enablement = this.enablement();
    for (const live of this.liveEnablements) live.replaceStored(enablement);
    this.log.info(
      { destinations: destinations.length, environments: this.environments.size },
      "destinations and enablement are up to date with the store",
    );
    for (const listener of this.listeners) listener();
  }

  /** What did not change stays the same object, so that nothing is rebuilt for it. */
  private read(): void {
    const known = new Map<string, KnownDestination>();
    for (const { value } of this.store.under<StoredDestination>(["destination"])) {
      const text = JSON.stringify(value);
      const before = this.known.get(value.id);
      const same =
        before?.text === text ? before : { text, destination: toDestination(value, this.ring, this.reach) };
      known.set(value.id, same);
    }
    const keeper = new EnablementKeeper(this.store);
    const environments = new Map<string, KnownEnvironment>();
    for (const one of keeper.list()) {
      const key = keyOf(one);
      const before = this.environments.get(key);
      environments.set(key, before?.revision === one.revision ? before : exportOf(one, keeper));
    }
    this.known = known;
    this.environments = environments;
  }

  private destinations(): readonly Destination[] {
    return [...this.known.values()].map(({ destination }) => destination);
  }

  private enablement(): Enablement {
    const index = new Map<string, Map<string, EnvironmentExport>>();
    for (const [key, { exported }] of this.environments) {
      const [environment = "", project = ""] = key.split("\n");
      const projects = index.get(environment) ?? new Map<string, EnvironmentExport>();
      index.set(environment, projects.set(project, exported));
    }
    return {
      forEnvironment: (project, environment) => {
        const projects = index.get(environment);
        return projects?.get(project) ?? projects?.get(ANY_PROJECT);
      },
    };
  }
}

function exportOf(one: StoredEnvironment, keeper: EnablementKeeper): KnownEnvironment {
  const { allFlags, events, revision } = one;
  return { revision, exported: { allFlags, events, flags: new Set(keeper.flags(one)) } };
}

function keyOf({ project, environment }: { readonly project: string; readonly environment: string }): string {
  return `${environment}\n${project}`;
}
