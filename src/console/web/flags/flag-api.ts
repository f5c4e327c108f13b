// What the Flags page asks of the server.

import { call, pathOf } from "../api.ts";
import type { DestinationView, EnablementView, FlagsView } from "../api-types.ts";

export interface Place {
  /** `*`: any project. */
  readonly project: string;
  readonly environment: string;
}

export interface KnownPlaces {
  readonly enablement: EnablementView;
  /** Every environment that is known of, each once. */
  readonly places: readonly Place[];
}

export const FLAGS_SHOWN = 100;

export async function loadPlaces(signal: AbortSignal): Promise<KnownPlaces> {
  const [enablement, destinations, seen] = await Promise.all([
    call<EnablementView>("GET", "/api/sluice/enablement", { signal }),
    call<{ items: DestinationView[] }>("GET", "/api/v2/destinations", { signal }),
    call<FlagsView>("GET", `/api/v2/flags${pathOf("*")}?limit=${FLAGS_SHOWN}`, { signal }),
  ]);
  const all: Place[] = [
    ...enablement.items,
    ...destinations.items.map((one) => ({ project: "*", environment: one._environment })),
    ...seen.items.flatMap(({ environments }) =>
      Object.keys(environments).map((environment) => ({ project: "*", environment })),
    ),
  ];
  const byName = new Map(
    all.map(({ project, environment }) => [nameOf({ project, environment }), { project, environment }]),
  );
  return { enablement, places: [...byName.values()] };
}

export function nameOf({ project, environment }: Place): string {
  return project === "*" ? environment : `${project} / ${environment}`;
}

export function loadFlags(
  { project, environment }: Place,
  search: string,
  signal: AbortSignal,
): Promise<FlagsView> {
  const query = new URLSearchParams({ env: environment, limit: String(FLAGS_SHOWN) });
  if (search !== "") query.set("filter", `query:${search}`);
  return call("GET", `/api/v2/flags${pathOf(project)}?${query}`, { signal });
}

export function switchFlag({ project, environment }: Place, flag: string, on: boolean): Promise<unknown> {
  const instructions = [{ kind: "updateTrackEvents", trackEvents: on }];
  return call("PATCH", `/api/v2/flags${pathOf(project, flag)}`, {
    body: { environmentKey: environment, instructions },
  });
}

export function switchEnvironment(
  { project, environment }: Place,
  change: { readonly allFlags?: boolean; readonly events?: boolean },
): Promise<unknown> {
  return call("PATCH", `/api/sluice/enablement${pathOf(project, environment)}`, { body: change });
}
