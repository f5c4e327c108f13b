// What metrics, health and traces see of a pipeline that runs in this process.

import type { LaneView } from "../engine/lane-view.ts";
import type { Metrics } from "../engine/metrics.ts";
import type { RunState } from "../engine/run.ts";

export interface WatchedPipeline {
  readonly name: string;
  readonly metrics: Metrics;
  readonly state: () => RunState;
  /** A stop was asked for, or forced: it is on its way out, whatever it still delivers. */
  readonly stopping: () => boolean;
  readonly lanes: () => readonly Pick<LaneView, "name" | "state" | "waiting" | "writing">[];
  /** Brings the metrics up to date; to be called before they are read. */
  readonly publishGauges: () => void;
  /** Rejects with SinkFault when a dead letter could not be written now. */
  readonly probeDeadLetters: (signal: AbortSignal) => Promise<void>;
}
