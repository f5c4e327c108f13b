// What the API answers, taken from the very schemas that it answers by. Types only: nothing of the server is bundled.

export type { Changes, SeenFlagsView } from "../changes.ts";
export type { DestinationView } from "../destination-view.ts";
export type { DestinationStatus } from "../destination-status.ts";
export type { EnablementView, EnvironmentView } from "../enablement-view.ts";
export type { History } from "../../live/shapes/history.ts";
export type { RecentEvent } from "../../live/shapes/recent.ts";
export type {
  ArrowSnapshot,
  LaneSnapshot,
  PipelineSnapshot,
  Snapshot,
  StageShape,
} from "../../live/shapes/snapshot.ts";
export type { Trace, TraceLetter, TracePath, TraceStep } from "../../live/shapes/trace.ts";
export type { FlagView, FlagsView } from "../flag-view.ts";
export type { GroupsView, GroupView, LetterView, RedriveAnswer, WholeLetterView } from "../letter-view.ts";
export type { TestKind, TestReport, TestResult } from "../test-sender.ts";

/** Where in the body, and what is wrong there. */
export interface Problem {
  /** JSON pointer. */
  readonly path: string;
  readonly code: string;
  readonly message: string;
}
