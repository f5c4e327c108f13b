// Counts of flags that were seen since their list was loaded, as the live stream tells them.

import { useEffect, useState } from "preact/hooks";

import type { SeenFlagsView } from "../api-types.ts";
import { useSeenFlags } from "../live-stream.ts";

export type SeenCounts = ReadonlyMap<string, SeenFlagsView["items"][number]>;

export function seenKey(environment: string, flag: string): string {
  return JSON.stringify([environment, flag]);
}

/** `loadedAtMs`: of the list; a newer list has newer counts, and what was told before it may be of another process. */
export function useSeenCounts(loadedAtMs: number | undefined): SeenCounts {
  const [seen, setSeen] = useState<SeenCounts>(new Map());
  useEffect(() => setSeen(new Map()), [loadedAtMs]);
  useSeenFlags((items) =>
    setSeen((before) => {
      const told = items.map((one) => [seenKey(one.environment, one.flag), one] as const);
      return new Map([...before, ...told]);
    }),
  );
  return seen;
}
