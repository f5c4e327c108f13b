// Whether the messages of a live pipeline can go through its stages as one, under the rules of a backfill (../backfill/fuse.ts).
// To Segment only: who watches is shown the events, and a file's lane does not say whose they are.

import type { LoadedPipeline } from "../../config/load.ts";
import type { RecordsPlan } from "../../engine/packed.ts";

/** Undefined: the stages do it all. */
export async function fuseRecords(pipeline: LoadedPipeline): Promise<RecordsPlan | undefined> {
  const { source, sinks, destinations } = pipeline;
  if (source.definition.type !== "pubsub" || sinks[0]?.definition.type !== "segment") return undefined;
  const { settingsOf } = await import("../backfill/fuse.ts");
  const settings = await settingsOf(pipeline, {});
  if (!settings) return undefined;
  const { LocalRecordsPlan } = await import("../../transcode/records-plan.ts");
  return new LocalRecordsPlan({ ...settings, destinations });
}
