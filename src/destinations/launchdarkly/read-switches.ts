// Which flags have their events sent, in which environments (LaunchDarkly API docs, "Feature flags": `trackEvents` of
// an environment and of its rules, `trackEventsFallthrough`). Any of them makes SDKs send a flag's evaluations one by
// one; which evaluations those are, the SDKs decide, so all that come are passed.

import { isObject } from "../../events/envelope.ts";
import type { LaunchDarklyApi } from "./api-client.ts";

export interface LaunchDarklyScope {
  /** Project keys; undefined: every project that the token may see. */
  readonly projects: readonly string[] | undefined;
  /** Environment keys; undefined: every environment. */
  readonly environments: readonly string[] | undefined;
}

export interface EnvironmentSwitches {
  readonly projectKey: string;
  readonly environmentKey: string;
  /** The client-side id, as events carry it. */
  readonly environment: string;
  /** Sorted. */
  readonly flags: readonly string[];
}

/** LaunchDarkly takes at most three `env` parameters in a request. */
const ENVIRONMENTS_A_REQUEST = 3;

interface Place {
  readonly key: string;
  readonly id: string;
}

export async function readSwitches(
  api: LaunchDarklyApi,
  scope: LaunchDarklyScope,
  signal: AbortSignal,
): Promise<EnvironmentSwitches[]> {
  const projects = scope.projects ?? keysOf(await api.list("/api/v2/projects", [], signal));
  const switches: EnvironmentSwitches[] = [];
  for (const projectKey of projects) {
    const path = encodeURIComponent(projectKey);
    const all = await api.list(`/api/v2/projects/${path}/environments`, [], signal);
    const places = all.flatMap(placeOf).filter(({ key }) => scope.environments?.includes(key) ?? true);
    for (let i = 0; i < places.length; i += ENVIRONMENTS_A_REQUEST) {
      const some = places.slice(i, i + ENVIRONMENTS_A_REQUEST);
      // Rules come with `summary=0` only.
      const query = [["summary", "0"], ...some.map(({ key }) => ["env", key])] as [string, string][];
      const flags = await api.list(`/api/v2/flags/${path}`, query, signal);
      for (const { key, id } of some)
        switches.push({ projectKey, environmentKey: key, environment: id, flags: trackedIn(key, flags) });
    }
  }
  return switches;
}

function trackedIn(environment: string, flags: readonly Readonly<Record<string, unknown>>[]): string[] {
  return keysOf(
    flags.filter(({ environments }) => {
      const settings = isObject(environments) ? environments[environment] : undefined;
      return isObject(settings) && isTracked(settings);
    }),
  ).sort();
}

function isTracked(settings: Readonly<Record<string, unknown>>): boolean {
  const { trackEvents, trackEventsFallthrough, rules } = settings;
  if (trackEvents === true || trackEventsFallthrough === true) return true;
  return Array.isArray(rules) && rules.some((rule) => isObject(rule) && rule["trackEvents"] === true);
}

function keysOf(items: readonly Readonly<Record<string, unknown>>[]): string[] {
  return items.flatMap(({ key }) => (typeof key === "string" ? [key] : []));
}

function placeOf({ key, _id }: Readonly<Record<string, unknown>>): Place[] {
  return typeof key === "string" && typeof _id === "string" ? [{ key, id: _id }] : [];
}
