// Events of the running process, as they leave the stage that decodes them. It looks on: nothing is asked of the source,
// so no message counts a delivery attempt more.

import type { LoadedPipeline } from "../../config/load.ts";
import { sleep, systemClock } from "../../engine/clock.ts";
import { RunError } from "../../engine/errors.ts";
import { isObject } from "../../events/envelope.ts";
import { drawn, layoutOf } from "../../live/layout.ts";
import type { TapState, TapValue } from "../../live/shapes/tap.ts";
import { UsageError } from "../exit-code.ts";
import { listen } from "../local/ask.ts";
import { findProcess, pipelineName, type RunningProcess } from "../local/find-process.ts";
import { decodingStage, type Decoded } from "./decode.ts";

export interface FromTap {
  /** The file, as it was given. */
  readonly file: string;
  readonly pid: number | undefined;
  readonly count: number;
  readonly waitMs: number;
}

/**
 * At most `count` different records of at most `waitMs`. What a later stage redacts is masked already. Broken are those
 * that are too large to be shown. Throws UsageError when no process runs the pipeline, RunError `nothing-recorded`.
 */
export async function fromTap(pipeline: LoadedPipeline, wanted: FromTap): Promise<Decoded> {
  const found = await running(wanted);
  // Stage 0 is the source.
  const stage = layoutOf(drawn(pipeline)).stages[decodingStage(pipeline) + 1]!.name;
  const query = new URLSearchParams({ pipeline: pipelineName(found, wanted.file), stage });
  const stop = new AbortController();
  const waited = new AbortController();
  void sleep(systemClock, wanted.waitMs, waited.signal).then(() => stop.abort());
  const values = new Map<string, unknown>();
  let state: TapState | undefined;
  try {
    for await (const { event, data } of listen(found.socket, `/api/v2/tap?${query}`, stop.signal)) {
      // Both sides are one program.
      if (event !== "value") state = JSON.parse(data) as TapState;
      else {
        const { id, value } = JSON.parse(data) as TapValue;
        values.set(id, value);
      }
      if (values.size >= wanted.count || event === "end") break;
    }
  } finally {
    waited.abort();
  }
  if (values.size === 0)
    throw new RunError(
      "nothing-recorded",
      `no event left ${stage} within ${wanted.waitMs / 1_000} s (${state?.seen ?? 0} came by); wait longer with --wait-seconds`,
    );
  const events = [...values.values()].filter((value) => isObject(value) && isObject(value["event"]));
  return { events, broken: values.size - events.length };
}

async function running({ file, pid }: FromTap): Promise<RunningProcess> {
  try {
    return await findProcess({ pipeline: file, pid });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(
      `${error.message}\nOr say where from: --from FILES, or --from-subscription. The latter acks nothing, but every message counts one more delivery attempt, and whoever reads the subscription waits for it meanwhile.`,
    );
  }
}
