// `--since` and `--until`, as the `filter-time` stage would have them.

import type { RunContext, Transform } from "../../engine/contracts.ts";
import filterTime, { timeProblems } from "../../transforms/filter-time.ts";
import { UsageError } from "../exit-code.ts";
import type { InsertedTransform } from "../job.ts";

export function timeWindow(
  since: string | undefined,
  until: string | undefined,
): InsertedTransform | undefined {
  if (since === undefined && until === undefined) return undefined;
  const config = { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) };
  for (const problem of timeProblems(config)) throw new UsageError(`--${problem.message}`);
  const transform = filterTime.create(config, {} as RunContext) as Transform;
  return { type: filterTime.type, transform, after: "export-event" };
}
