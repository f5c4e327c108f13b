// What the destinations pages ask of the server.

import { call, pathOf } from "../api.ts";
import type { DestinationStatus, DestinationView, TestKind, TestReport } from "../api-types.ts";

export interface DestinationRow {
  readonly destination: DestinationView;
  readonly status: DestinationStatus | undefined;
}

export async function loadDestinations(signal: AbortSignal): Promise<DestinationRow[]> {
  const [list, statuses] = await Promise.all([
    call<{ items: DestinationView[] }>("GET", "/api/v2/destinations", { signal }),
    call<{ items: (DestinationStatus & { id: string })[] }>("GET", "/api/sluice/destination-status", {
      signal,
    }),
  ]);
  const byId = new Map(statuses.items.map((status) => [status.id, status]));
  return list.items.map((destination) => ({ destination, status: byId.get(destination._id) }));
}

export function create(
  place: { readonly project: string; readonly environment: string },
  body: object,
): Promise<DestinationView> {
  return call("POST", `/api/v2/destinations${pathOf(place.project, place.environment)}`, { body });
}

/** Fails with 409 when someone else changed it since. */
export function change(destination: DestinationView, patch: object): Promise<DestinationView> {
  const { _links, version } = destination;
  return call("PATCH", _links.self.href, { body: patch, headers: { "if-match": `"${version}"` } });
}

/** Fails with 409 when a running pipeline sends to it and `force` is not set. */
export function remove({ _links }: DestinationView, force: boolean): Promise<void> {
  return call("DELETE", `${_links.self.href}${force ? "?force=true" : ""}`);
}

export function sendTest({ _links }: DestinationView, kinds: readonly TestKind[]): Promise<TestReport> {
  return call("POST", `${_links.self.href}/test`, { body: { kinds } });
}
