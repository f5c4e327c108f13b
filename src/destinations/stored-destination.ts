// A destination as it lies in the store, and what becomes of it for the engine.

import Type, { type Static } from "typebox";

import type { Destination } from "../engine/contracts.ts";
import type { Reach } from "../engine/reach.ts";
import { KEY_MASK, type KeptWriteKey, type KeyRing, openWriteKey } from "./kept-write-key.ts";
import { segmentConfigOf, type SegmentSettings, segmentSettings } from "./segment-settings.ts";

/** A LaunchDarkly key or id. */
export const KEY_PATTERN = "^[A-Za-z0-9._-]{1,256}$";
/** The same, or `*`. */
export const PROJECT_PATTERN = `${KEY_PATTERN}|^\\*$`;

/** Stands for every project. */
export const ANY_PROJECT = "*";

/** What a person decides about a destination. */
export const destinationInput = Type.Object(
  {
    project: Type.String({
      pattern: PROJECT_PATTERN,
      default: ANY_PROJECT,
      description: "LaunchDarkly project id, as in the export's envelope; `*` for any project.",
    }),
    environment: Type.String({
      pattern: KEY_PATTERN,
      description: "LaunchDarkly environment id: the client-side id.",
    }),
    name: Type.String({ minLength: 1, maxLength: 256, description: "For people." }),
    kind: Type.Literal("segment", { default: "segment", description: "Segment is the only kind so far." }),
    on: Type.Boolean({ default: false, description: "Whether events are sent to it." }),
    config: Type.Object(
      {
        writeKey: Type.String({
          minLength: 1,
          maxLength: 256,
          description: `The write key of the Segment source, or a reference to it: \${env:SEGMENT_WRITE_KEY} or \${file:/run/secrets/segment}. Never shown again: an answer has ${KEY_MASK} and its last characters.`,
          "x-secret": true,
        }),
        ...segmentSettings,
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);

export type DestinationInput = Static<typeof destinationInput>;

export interface StoredDestination {
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly environment: string;
  readonly kind: "segment";
  readonly on: boolean;
  /** Grows by one with each change. */
  readonly version: number;
  /** Unix milliseconds. */
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly settings: SegmentSettings;
  readonly writeKey: KeptWriteKey;
}

/** The write key is opened at the first request that needs it, and kept no longer than this version. */
export function toDestination(stored: StoredDestination, ring: KeyRing, reach: Reach): Destination {
  const { id, name: shown, project, environment, kind, on: isOn, version, settings } = stored;
  return {
    id,
    name: shown,
    project: project === ANY_PROJECT ? undefined : project,
    environment,
    kind,
    on: isOn,
    version,
    config: { ...segmentConfigOf(settings, keyOf(stored, ring)), reach },
  };
}

function keyOf({ id, writeKey: kept }: StoredDestination, ring: KeyRing): () => string {
  let opened: string | undefined;
  return () => {
    if (kept.kind === "reference") return openWriteKey(kept, id, ring);
    opened ??= openWriteKey(kept, id, ring);
    return opened;
  };
}
