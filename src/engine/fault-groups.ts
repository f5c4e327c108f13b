import type { SinkFault } from "./errors.ts";
import type { LaneItem } from "./lane-queue.ts";

/** The items with a fault, those of the same kind and code together, so that they stay one batch. */
export function byFault(
  items: readonly LaneItem[],
  faults: readonly (SinkFault | null)[],
): Iterable<[SinkFault, LaneItem[]]> {
  const groups = new Map<string, [SinkFault, LaneItem[]]>();
  for (const [i, fault] of faults.entries()) {
    if (fault === null) continue;
    const key = `${fault.kind} ${fault.code}`;
    const group = groups.get(key);
    if (group) group[1].push(items[i]!);
    else groups.set(key, [fault, [items[i]!]]);
  }
  return groups.values();
}
