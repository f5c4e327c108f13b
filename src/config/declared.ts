// The files beside a pipeline that say who gets events and which are exported.

import type { Static, TSchema } from "typebox";

import { checkDestinations, declaredDestinations, destinationsFile } from "../destinations/declared.ts";
import { checkEnablement, declaredEnablement, enablementFile } from "../destinations/enablement.ts";
import type { Destinations, Enablement, StageProblem } from "../engine/contracts.ts";

/** A YAML file with a schema, and what is made of its validated value. */
export interface DeclaredFile<T> {
  readonly schema: TSchema;
  /** What the file is, for messages: `the destinations file`. */
  readonly owner: string;
  readonly maxBytes: number;
  /** Rules beyond the schema. */
  check(value: unknown): Iterable<StageProblem>;
  build(value: unknown): T;
}

export interface DeclaredFiles {
  readonly destinations: DeclaredFile<Destinations>;
  readonly enablement: DeclaredFile<Enablement>;
}

/** A builder is only given what its own schema let through; that is what the type erasure rests on. */
function declare<S extends TSchema, T>(
  schema: S,
  file: Pick<DeclaredFile<T>, "owner" | "maxBytes"> & {
    check(value: Static<S>): Iterable<StageProblem>;
    build(value: Static<S>): T;
  },
): DeclaredFile<T> {
  return { ...file, schema };
}

const MIB = 1024 * 1024;

export const declaredFiles: DeclaredFiles = {
  destinations: declare(destinationsFile, {
    owner: "the destinations file",
    maxBytes: MIB,
    check: checkDestinations,
    build: declaredDestinations,
  }),
  enablement: declare(enablementFile, {
    owner: "the enablement file",
    // About 300,000 flag keys.
    maxBytes: 16 * MIB,
    check: checkEnablement,
    build: declaredEnablement,
  }),
};

/**
 * The transforms that read them. Only a pipeline with one of these needs the file when it does not name it:
 * without it every event would be dropped, and nothing would say why.
 */
export const readers = {
  destinations: ["segment-event"],
  enablement: ["filter-enabled"],
} as const satisfies Record<keyof DeclaredFiles, readonly string[]>;

export const noDestinations: Destinations = {
  forEnvironment: () => [],
  get: () => undefined,
  all: () => [],
};

export const nothingEnabled: Enablement = { forEnvironment: () => undefined };
