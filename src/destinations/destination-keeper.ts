// Every change to the destinations of the store goes through here, whoever asks: REST, command line, console.

import { randomBytes } from "node:crypto";

import type { Clock } from "../engine/clock.ts";
import type { Destination } from "../engine/contracts.ts";
import { RunError } from "../engine/errors.ts";
import type { Reach } from "../engine/reach.ts";
import { endpointProblem } from "../sinks/segment/endpoint-rules.ts";
import { checkInput, InvalidInput, invalid } from "./check-input.ts";
import { KEY_MASK, keepWriteKey, type KeyRing, openWriteKey, shownWriteKey } from "./kept-write-key.ts";
import type { Store, StoreView } from "./store.ts";
import {
  type DestinationInput,
  destinationInput,
  type StoredDestination,
  toDestination,
} from "./stored-destination.ts";

/** The destination is not in the store. */
export class NoSuchDestination extends Error {
  override readonly name = "NoSuchDestination";
}

/** Someone else changed it first, or it is in use. Nothing was changed. */
export class Conflict extends Error {
  override readonly name = "Conflict";
  constructor(
    readonly code: "version-conflict" | "destination-in-use" | "limit-reached" | "test-failed",
    message: string,
  ) {
    super(message);
  }
}

export interface KeeperContext {
  readonly clock: Clock;
  readonly ring: KeyRing;
  readonly reach: Reach;
}

/** What may be edited, as plain JSON. The write key is masked; an edit that leaves the mask leaves the key. */
export type DestinationDocument = DestinationInput & { readonly version: number };

const MAX_STORED = 1_000;
const ID_BYTES = 12;

export class DestinationKeeper {
  constructor(
    private readonly store: Store,
    private readonly context: KeeperContext,
  ) {}

  /** Rises with every change of the store, whoever made it. */
  get generation(): number {
    return this.store.generation;
  }

  list(): StoredDestination[] {
    return listed(this.store);
  }

  get(id: string): StoredDestination | undefined {
    return this.store.get<StoredDestination>(["destination", id]);
  }

  /** As a pipeline would send to it. */
  live(id: string): Destination | undefined {
    const stored = this.get(id);
    return stored && toDestination(stored, this.context.ring, this.context.reach);
  }

  /** Throws InvalidInput, Conflict, RunError `secret-key-missing`. */
  async create(given: unknown): Promise<StoredDestination> {
    const input = this.check(given);
    if (input.config.writeKey.startsWith(KEY_MASK)) throw notAKey();
    const id = randomBytes(ID_BYTES).toString("hex");
    const now = this.context.clock.wallMs();
    const created: StoredDestination = {
      id,
      ...partsOf(input),
      version: 1,
      createdAtMs: now,
      updatedAtMs: now,
      writeKey: this.keep(input.config.writeKey, id, now),
    };
    return this.store.change((writer) => {
      if (listed(writer).length >= MAX_STORED)
        throw new Conflict("limit-reached", `the store holds ${MAX_STORED} destinations, its limit`);
      writer.put(["destination", id], created);
      return created;
    });
  }

  /**
   * `edit` gets the document as it is now and returns it as it shall be. A changed `version` is what the asker
   * believes to be the current one. Throws NoSuchDestination, InvalidInput, Conflict, and what `edit` throws.
   */
  async update(id: string, edit: (document: DestinationDocument) => unknown): Promise<StoredDestination> {
    return this.store.change((writer) => {
      const before = writer.get<StoredDestination>(["destination", id]);
      if (!before) throw new NoSuchDestination(id);
      const after = this.edited(before, edit(documentOf(before)));
      writer.put(["destination", id], after);
      return after;
    });
  }

  /** Throws NoSuchDestination, Conflict. */
  async remove(id: string, expectedVersion?: number): Promise<StoredDestination> {
    return this.store.change((writer) => {
      const before = writer.get<StoredDestination>(["destination", id]);
      if (!before) throw new NoSuchDestination(id);
      if (expectedVersion !== undefined && expectedVersion !== before.version) throw changed(before);
      writer.remove(["destination", id]);
      return before;
    });
  }

  /** Seals every kept key under the current master key. Throws RunError when one does not open: none is changed. */
  async rotate(): Promise<{
    readonly resealed: number;
    readonly current: number;
    readonly references: number;
  }> {
    const { ring } = this.context;
    const keyId = ring.keys.currentId;
    return this.store.change((writer) => {
      const done = { resealed: 0, current: 0, references: 0 };
      const fresh: StoredDestination[] = [];
      for (const one of listed(writer)) {
        if (one.writeKey.kind === "reference") done.references += 1;
        else if (one.writeKey.sealed.keyId === keyId) done.current += 1;
        else {
          const text = openWriteKey(one.writeKey, one.id, ring);
          fresh.push({ ...one, writeKey: { ...one.writeKey, sealed: ring.keys.seal(text, one.id) } });
          done.resealed += 1;
        }
      }
      for (const one of fresh) writer.put(["destination", one.id], one);
      return done;
    });
  }

  private edited(before: StoredDestination, given: unknown): StoredDestination {
    const { version, ...rest } = asRecord(given);
    if (version !== undefined && version !== before.version) throw changed(before);
    const shown = shownWriteKey(before.writeKey);
    const config = asRecord(rest["config"]);
    const input = this.check({ ...rest, config: { ...config, writeKey: config["writeKey"] ?? shown } });
    for (const key of ["project", "environment"] as const)
      if (input[key] !== before[key])
        throw invalid(
          `/${key}`,
          "not-changeable",
          `the ${key} of a destination cannot change; create another`,
        );
    const now = this.context.clock.wallMs();
    const { writeKey } = input.config;
    if (writeKey !== shown && writeKey.startsWith(KEY_MASK)) throw notAKey();
    return {
      ...before,
      ...partsOf(input),
      version: before.version + 1,
      updatedAtMs: now,
      writeKey: writeKey === shown ? before.writeKey : this.keep(writeKey, before.id, now),
    };
  }

  private check(given: unknown): DestinationInput {
    const input = checkInput<DestinationInput>(destinationInput, given, "the destination");
    const { endpoint, region } = input.config;
    if (endpoint === undefined) return input;
    if (region !== undefined)
      throw invalid("/config/endpoint", "region-and-endpoint", "region and endpoint exclude each other");
    const problem = endpointProblem(endpoint, this.context.reach);
    if (problem !== undefined)
      throw invalid("/config/endpoint", "endpoint-refused", `the endpoint ${problem}`);
    return input;
  }

  private keep(text: string, id: string, nowMs: number): StoredDestination["writeKey"] {
    try {
      return keepWriteKey(text, id, this.context.ring, nowMs);
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
      throw invalid("/config/writeKey", error.code, error.message);
    }
  }
}

export function documentOf(stored: StoredDestination): DestinationDocument {
  const { name, kind, on, project, environment, version, settings, writeKey } = stored;
  const config = { ...settings, writeKey: shownWriteKey(writeKey) };
  return structuredClone({ name, kind, on, project, environment, version, config });
}

function listed(view: StoreView): StoredDestination[] {
  return view.under<StoredDestination>(["destination"]).map(({ value }) => value);
}

function partsOf({ name, kind, on, project, environment, config }: DestinationInput) {
  const { writeKey: _, ...settings } = config;
  return { name, kind, on, project, environment, settings };
}

function asRecord(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new InvalidInput([{ path: "", code: "wrong-type", message: "the destination must be a map" }]);
}

function changed({ id, version }: StoredDestination): Conflict {
  return new Conflict(
    "version-conflict",
    `destination ${id} has version ${version} by now: someone changed it; load it again`,
  );
}

function notAKey(): InvalidInput {
  return invalid(
    "/config/writeKey",
    "wrong-format",
    `${KEY_MASK} stands for a key that is kept; give the key itself`,
  );
}
