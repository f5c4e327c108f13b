// What the supervisor and its workers say to each other. Both are one build of one program, and the channel between them
// is nobody else's, so a message is taken for what it says it is.

import type { Answer, Ask } from "../rates/rate-store.ts";
import type { Verdict } from "../telemetry/health.ts";
import type { MetricJson } from "../telemetry/prometheus-page.ts";

export interface HealthReport {
  readonly startup: Verdict;
  readonly live: Verdict;
  readonly ready: Verdict;
}

/** What a worker knows of itself. */
export interface Look {
  readonly health: HealthReport;
  /** Undefined: nobody reads metrics. */
  readonly metrics: readonly MetricJson[] | undefined;
}

export type ToWorker =
  /** Drain and end. */
  | { readonly kind: "stop" }
  | { readonly kind: "look"; readonly id: number; readonly metrics: boolean }
  | { readonly kind: "answer"; readonly id: number; readonly answer: Answer };

export type FromWorker =
  /** Everything has started: from now on SIGHUP is understood. */
  | { readonly kind: "running" }
  /** Undefined: there is nothing to be seen yet, or any more. */
  | { readonly kind: "looked"; readonly id: number; readonly look: Look | undefined }
  /** As `looked`, when nothing is counted any more. */
  | { readonly kind: "last"; readonly metrics: readonly MetricJson[] }
  | { readonly kind: "ask"; readonly id: number; readonly ask: Ask }
  | { readonly kind: "alive"; readonly keys: readonly string[] };
