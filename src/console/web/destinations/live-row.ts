// A destination as the live stream shows it: its lanes in all pipelines, added up.

import type { LaneSnapshot, PipelineSnapshot } from "../api-types.ts";
import type { DestinationRow } from "./destination-api.ts";

const WORST_LAST: readonly string[] = ["open", "throttled", "broken", "parked"];

/** What was loaded stays where no pipeline has a lane for it. */
export function liveRow(row: DestinationRow, pipelines: readonly PipelineSnapshot[]): DestinationRow {
  const lanes = lanesOf(pipelines, row.destination._id);
  if (!row.status || lanes.length === 0) return row;
  const retried: Record<string, number> = {};
  for (const { retriedByCode } of lanes)
    for (const [code, n] of Object.entries(retriedByCode)) retried[code] = (retried[code] ?? 0) + n;
  const worst = Math.max(...lanes.map(({ state }) => WORST_LAST.indexOf(state)));
  const status = {
    ...row.status,
    state: WORST_LAST[worst] ?? row.status.state,
    waiting: lanes.reduce((sum, { waiting }) => sum + waiting, 0),
    delivered: lanes.reduce((sum, { delivered }) => sum + delivered, 0),
    retried,
  };
  return { ...row, status };
}

/** Events delivered a second; undefined: no pipeline has a lane for it. */
export function rateIn(pipelines: readonly PipelineSnapshot[], id: string): number | undefined {
  const lanes = lanesOf(pipelines, id);
  return lanes.length === 0 ? undefined : lanes.reduce((sum, { perSecond }) => sum + perSecond, 0);
}

function lanesOf(pipelines: readonly PipelineSnapshot[], id: string): LaneSnapshot[] {
  return pipelines.flatMap(({ lanes }) => lanes.filter(({ name }) => name === id));
}
