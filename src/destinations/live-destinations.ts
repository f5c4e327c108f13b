// Declared destinations and those of the store as one, for running pipelines: a change in the store, by whichever
// process, holds for the next event and the next request.

import type { Destination, Destinations } from "../engine/contracts.ts";
import { destinationIndex } from "./destination-index.ts";

/** What is declared has its ids first: a stored destination of the same id is left out. */
export class LiveDestinations implements Destinations {
  private current: Destinations;
  private stored: readonly Destination[] = [];

  constructor(private readonly declared: Destinations) {
    this.current = declared;
  }

  replaceStored(stored: readonly Destination[]): void {
    this.stored = stored;
    const added = stored.filter(({ id }) => this.declared.get(id) === undefined);
    this.current = added.length === 0 ? this.declared : destinationIndex([...this.declared.all(), ...added]);
  }

  isDeclared(id: string): boolean {
    return this.declared.get(id) !== undefined;
  }

  get storedOnes(): readonly Destination[] {
    return this.stored;
  }

  forEnvironment(project: string, environment: string): readonly Destination[] {
    return this.current.forEnvironment(project, environment);
  }

  get(id: string): Destination | undefined {
    return this.current.get(id);
  }

  all(): readonly Destination[] {
    return this.current.all();
  }
}
