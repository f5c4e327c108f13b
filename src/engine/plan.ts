// What one run is made of, and what it shows of itself.

import type { Sink, Source } from "./contracts.ts";
import type { LaneView } from "./lane-view.ts";
import type { LedgerLimits } from "./ledger.ts";
import type { FusedPlan, RecordsPlan } from "./packed.ts";
import type { PlannedTransform } from "./pipeline.ts";
import type { Only, PlannedSink } from "./router.ts";

export interface Plan {
  readonly name: string;
  readonly configVersion: string;
  readonly source: Source;
  readonly transforms: readonly PlannedTransform[];
  /** All transforms and the encoding of the only sink as one, for the blocks that it takes. */
  readonly fused?: FusedPlan | undefined;
  /** The same for messages; the first transform has `formOf`. */
  readonly fusedRecords?: RecordsPlan | undefined;
  /** At least one; names are unique. */
  readonly sinks: readonly PlannedSink[];
  readonly deadLetters: Sink;
  readonly deadLetterWindow: { readonly size: number; readonly max: number };
  readonly inFlight: LedgerLimits;
  readonly drainMs: number;
  /** Absent: everything of every record. */
  readonly only?: Only | undefined;
}

export interface RunLane extends LaneView {
  readonly sink: string;
}
