// A destination as LaunchDarkly's REST API shows one (LaunchDarkly API, "Data Export destinations"), with what
// Sluice knows beyond that under names that begin with `_`.

import Type, { type Static } from "typebox";

import { KEY_MASK, shownWriteKey } from "../destinations/kept-write-key.ts";
import { ANY_PROJECT, type StoredDestination } from "../destinations/stored-destination.ts";
import type { Destination } from "../engine/contracts.ts";

const link = Type.Object({ href: Type.String(), type: Type.String() });

export const destinationRep = Type.Object(
  {
    _id: Type.String(),
    _links: Type.Object({ self: link, parent: link }),
    name: Type.String(),
    kind: Type.String(),
    version: Type.Integer({ description: "Grows with each change." }),
    config: Type.Record(Type.String(), Type.Unknown(), {
      description: `The write key is shown as a reference, or as ${KEY_MASK} and its last characters.`,
    }),
    on: Type.Boolean(),
    createdAt: Type.Optional(Type.Integer({ description: "Unix milliseconds." })),
    _project: Type.String({ description: "`*`: any project." }),
    _environment: Type.String(),
    _declared: Type.Boolean({ description: "It stands in git and can be changed there only." }),
    _pipelines: Type.Array(Type.String(), { description: "Running pipelines that send to it." }),
  },
  { description: "A Data Export destination." },
);

export const destinationsRep = Type.Object({
  _links: Type.Object({ self: link }),
  items: Type.Array(destinationRep),
});

export type DestinationView = Static<typeof destinationRep>;

export function storedView(stored: StoredDestination, pipelines: readonly string[]): object {
  const { id, name, kind, version, on, createdAtMs, project, environment, settings, writeKey } = stored;
  return {
    ...head({ id, name, kind, version, on, project, environment }),
    config: { writeKey: shownWriteKey(writeKey), ...settings },
    createdAt: createdAtMs,
    _declared: false,
    _pipelines: pipelines,
  };
}

export function declaredView(declared: Destination, pipelines: readonly string[]): object {
  const { id, name, kind, version, on, project = ANY_PROJECT, environment, config } = declared;
  const { userIdContextKind, anonymousIdContextKind, endpoint, rates } = config;
  return {
    ...head({ id, name, kind, version, on, project, environment }),
    config: {
      writeKey: KEY_MASK,
      userIdContextKind,
      anonymousIdContextKind,
      endpoint,
      eventsPerSecond: rates.events,
      requestsPerSecond: rates.requests,
      ...(Number.isFinite(rates.bytes) ? { bytesPerSecond: rates.bytes } : {}),
    },
    _declared: true,
    _pipelines: pipelines,
  };
}

export function hrefOf(of: {
  readonly project: string;
  readonly environment: string;
  readonly id: string;
}): string {
  return `/api/v2/destinations/${[of.project, of.environment, of.id].map(encodeURIComponent).join("/")}`;
}

interface Head
  extends Pick<StoredDestination, "id" | "name" | "kind" | "version" | "on" | "project" | "environment"> {}

function head(of: Head): object {
  const type = "application/json";
  return {
    _id: of.id,
    _links: { self: { href: hrefOf(of), type }, parent: { href: "/api/v2/destinations", type } },
    name: of.name,
    kind: of.kind,
    version: of.version,
    on: of.on,
    _project: of.project,
    _environment: of.environment,
  };
}
