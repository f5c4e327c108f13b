import { duration } from "../format.ts";
import { Note } from "../parts/states.tsx";

export interface SnapshotAgeProps {
  readonly pipeline: string;
  readonly ageMs?: number;
  readonly failures: number;
}

/** How fresh it is what LaunchDarkly said, and whether it still answers. */
export function SnapshotAge({ pipeline, ageMs, failures }: SnapshotAgeProps) {
  const age = ageMs === undefined ? "were not read yet" : `were read ${duration(ageMs)} ago`;
  return (
    <Note tone={failures > 0 || ageMs === undefined ? "warn" : "info"}>
      LaunchDarkly's own switches for <span class="strong">{pipeline}</span> {age}
      {failures > 0 ? `, and ${failures} tries since then failed. What was read last goes on holding.` : "."}{" "}
      What is on there cannot be switched off here.
    </Note>
  );
}
