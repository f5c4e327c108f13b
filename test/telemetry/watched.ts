import { Metrics } from "../../src/engine/metrics.ts";
import type { LaneView } from "../../src/engine/lane-view.ts";
import type { RunState } from "../../src/engine/run.ts";
import type { WatchedPipeline } from "../../src/telemetry/watched-pipeline.ts";

export interface Dials {
  state: RunState;
  stopping: boolean;
  lanes: Pick<LaneView, "name" | "state" | "waiting" | "writing">[];
  deadLetterTrouble: string | undefined;
  published: number;
}

/** A pipeline whose condition a test sets by hand; its metrics are the real ones. */
export function watched(name = "under-test"): WatchedPipeline & { readonly dials: Dials } {
  const dials: Dials = {
    state: "running",
    stopping: false,
    lanes: [],
    deadLetterTrouble: undefined,
    published: 0,
  };
  return {
    dials,
    name,
    metrics: new Metrics(),
    state: () => dials.state,
    stopping: () => dials.stopping,
    lanes: () => dials.lanes,
    publishGauges: () => {
      dials.published += 1;
    },
    probeDeadLetters: async () => {
      if (dials.deadLetterTrouble !== undefined) throw new Error(dials.deadLetterTrouble);
    },
  };
}
