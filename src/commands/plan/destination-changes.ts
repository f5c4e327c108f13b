// Who gets events, and which flags are exported to them.

import type { LoadedPipeline } from "../../config/load.ts";
import type { Destination, Enablement } from "../../engine/contracts.ts";
import type { Change } from "./change.ts";
import { keyChanges } from "./values.ts";

const MOST_NAMED = 10;

type Part = Pick<LoadedPipeline, "destinations" | "enablement">;

export function destinationChanges(from: Part, to: Part): Change[] {
  const before = from.destinations.all();
  const after = to.destinations.all();
  const found: Change[] = [];
  for (const one of after) {
    const was = before.find(({ id }) => id === one.id);
    if (was) found.push(...edited(was, one));
    else found.push(...added(one, before, after));
  }
  for (const one of before.filter(({ id }) => !after.some((other) => other.id === id)))
    found.push(
      change(
        one,
        "loss",
        "is gone",
        `environment ${one.environment} is not sent to it any more; what is held for it becomes dead letters`,
      ),
    );
  return found;
}

function edited(from: Destination, to: Destination): Change[] {
  const found: Change[] = [];
  if (from.on !== to.on)
    found.push(
      to.on
        ? change(to, "delivery", "is switched on", "it gets events from now on")
        : change(to, "loss", "is switched off", "it gets no events any more"),
    );
  for (const key of ["project", "environment"] as const)
    if (from[key] !== to[key])
      found.push(
        change(
          to,
          "loss",
          `${key}: ${from[key] ?? "any"} becomes ${to[key] ?? "any"}`,
          "it gets the events of others than before",
        ),
      );
  for (const { key, from: was, to: is } of keyChanges(settings(from), settings(to))) {
    const what = `${key}: ${was} becomes ${is}`;
    if (key.endsWith("ContextKind"))
      found.push(
        change(
          to,
          "content",
          what,
          "the same people have other ids in Segment; events without that context become dead letters (no-identity)",
        ),
      );
    else if (key === "endpoint")
      found.push(
        change(to, "loss", what, "events go elsewhere; a workspace takes those of its own region only"),
      );
    else found.push(change(to, "delivery", what, "the rate limit is another"));
  }
  return found;
}

function settings({ config }: Destination): object {
  const { userIdContextKind, anonymousIdContextKind, endpoint, rates } = config;
  // JSON has no Infinity.
  const limits = Object.entries(rates).map(([name, rate]) => [
    name,
    rate === Number.POSITIVE_INFINITY ? "no limit" : rate,
  ]);
  return { userIdContextKind, anonymousIdContextKind, endpoint, rates: Object.fromEntries(limits) };
}

/** A destination under another id is a new one to Segment's duplicate detection. */
function added(one: Destination, before: readonly Destination[], after: readonly Destination[]): Change[] {
  const renamed = before.find(
    ({ id, environment }) => environment === one.environment && !after.some((other) => other.id === id),
  );
  if (!renamed)
    return [
      change(one, "delivery", "is new", `the events of environment ${one.environment} go to it as well`),
    ];
  return [
    change(
      one,
      "duplicates",
      `takes the place of ${renamed.id}`,
      "the id is part of every message id: what is redelivered, redriven or backfilled and was sent before, comes twice. Keep the id and change the name",
    ),
  ];
}

function change({ id }: Destination, severity: Change["severity"], what: string, so: string): Change {
  return { severity, where: `destination ${id}`, what, so };
}

/** By the environments that destinations name: others are not sent anywhere. */
export function enablementChanges(from: Part, to: Part): Change[] {
  const places = new Map(
    [...from.destinations.all(), ...to.destinations.all()].map((one) => [
      `${one.project ?? ""} ${one.environment}`,
      one,
    ]),
  );
  return [...places.values()].flatMap(({ project = "", environment }) => {
    const before = exported(from.enablement, project, environment);
    const after = exported(to.enablement, project, environment);
    const gone = [...before].filter((one) => !after.has(one));
    const come = [...after].filter((one) => !before.has(one));
    const where = `enablement of ${environment}`;
    return [
      ...(gone.length > 0
        ? [
            {
              severity: "loss" as const,
              where,
              what: `no longer: ${named(gone)}`,
              so: "they are dropped, and counted",
            },
          ]
        : []),
      ...(come.length > 0
        ? [
            {
              severity: "delivery" as const,
              where,
              what: `new: ${named(come)}`,
              so: "they are exported from now on",
            },
          ]
        : []),
    ];
  });
}

function exported(enablement: Enablement, project: string, environment: string): Set<string> {
  const one = enablement.forEnvironment(project, environment);
  if (!one) return new Set();
  const all = one.allFlags ? ["all flags"] : [...one.flags].map((flag) => `flag ${flag}`);
  return new Set([...all, ...(one.events || one.allFlags ? ["clicks, page views and custom events"] : [])]);
}

function named(names: readonly string[]): string {
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : "";
  return names.slice(0, MOST_NAMED).join(", ") + more;
}
