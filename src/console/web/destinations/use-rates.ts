// Events a second of each destination, from how its counter grows between two looks.

import { useRef } from "preact/hooks";

import type { DestinationRow } from "./destination-api.ts";

interface Sighting {
  readonly atMs: number;
  readonly delivered: number;
  readonly rate: number | undefined;
}

const SHORTEST_MS = 500;

/** Undefined until there are two looks. */
export function useRates(rows: readonly DestinationRow[] | undefined, atMs: number | undefined) {
  const seen = useRef(new Map<string, Sighting>());
  for (const { destination, status } of rows ?? []) {
    if (!status || atMs === undefined) continue;
    const { delivered } = status;
    const before = seen.current.get(destination._id);
    const elapsedMs = before ? atMs - before.atMs : 0;
    if (before && elapsedMs < SHORTEST_MS) continue;
    const rate = before ? Math.max(0, ((delivered - before.delivered) * 1000) / elapsedMs) : undefined;
    seen.current.set(destination._id, { atMs, delivered, rate });
  }
  return (id: string) => seen.current.get(id)?.rate;
}
