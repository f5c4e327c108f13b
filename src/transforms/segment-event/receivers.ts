// The destinations of an environment, each with the beginning of its messageIds, which is the same for every
// event. Rebuilt when the list of destinations is another one: an edit applies to the next event.

import type { Destination, Destinations } from "../../engine/contracts.ts";
import { messageIdPrefix } from "./message-id.ts";

export interface Receiver {
  readonly destination: Destination;
  readonly idPrefix: string;
}

interface Known {
  readonly list: readonly Destination[];
  readonly receivers: readonly Receiver[];
}

/** Far above what one process serves; a topic full of made-up environments must not fill the memory. */
const MAX_ENVIRONMENTS = 1_000;

export class Receivers {
  private readonly destinations: Destinations;
  private readonly known = new Map<string, Map<string, Known>>();
  private environments = 0;

  constructor(destinations: Destinations) {
    this.destinations = destinations;
  }

  of(project: string, environment: string): readonly Receiver[] {
    const list = this.destinations.forEnvironment(project, environment);
    if (list.length === 0) return NONE;
    const known = this.known.get(environment)?.get(project);
    if (known?.list === list) return known.receivers;
    return this.learn(project, environment, list, known === undefined);
  }

  private learn(
    project: string,
    environment: string,
    list: readonly Destination[],
    isNew: boolean,
  ): readonly Receiver[] {
    if (isNew && ++this.environments > MAX_ENVIRONMENTS) {
      this.known.clear();
      this.environments = 1;
    }
    const receivers = list.map((destination) => ({
      destination,
      idPrefix: messageIdPrefix({ destination: destination.id, project, environment }),
    }));
    const byProject = this.known.get(environment) ?? new Map<string, Known>();
    this.known.set(environment, byProject);
    byProject.set(project, { list, receivers });
    return receivers;
  }
}

const NONE: readonly Receiver[] = [];
