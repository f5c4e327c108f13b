// Whether a pipeline's transforms and sink can be run as one function over Avro data and JSON documents, and that function:
//
//   avro-decode | json-decode -> filter-enabled -> any number of filter-time -> segment-event (without extras) -> one sink, segment | file, without `when`
//
// Anything else goes through the stages, as does every datum that the fused plan leaves.

import type { DatumLimits } from "../../avro/limits.ts";
import type { LoadedPipeline } from "../../config/load.ts";
import { systemClock } from "../../engine/clock.ts";
import type { FusedPlan } from "../../engine/packed.ts";
import { lineLimits } from "../../sinks/file/file-sink.ts";
import { readSchema } from "../../transforms/avro-decode/read-schema.ts";
import type { SegmentEventConfig } from "../../transforms/segment-event/config.ts";
import { LocalPlan } from "../../transcode/plan.ts";
import type { TranscoderSettings } from "../../transcode/transcoder.ts";
import type { RecentIds } from "./recent-ids.ts";

export interface TimeWindow {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

export interface FuseOptions extends TimeWindow {
  /** Threads besides this one; 0: this one does it itself. */
  readonly workers: number;
}

/** Undefined: the stages do it all. */
export async function fuse(
  pipeline: LoadedPipeline,
  options: FuseOptions,
  recent: RecentIds,
): Promise<FusedPlan | undefined> {
  const settings = await settingsOf(pipeline, options);
  if (!settings) return undefined;
  const isDuplicate = (names: Int32Array, from: number) => recent.seenName(names, from);
  if (options.workers === 0) return new LocalPlan(settings, isDuplicate);
  const { ThreadsPlan, startThread } = await import("../../transcode/threads-plan.ts");
  const { avro, json, experiments, windows, segmentEvent, separator, maxEventBytes } = settings;
  const plain = { json, experiments, windows, segmentEvent, separator, maxEventBytes };
  const lane = pipeline.sinks[0]?.definition.type === "segment" ? undefined : settings.laneOf("");
  const ports = Array.from({ length: options.workers }, () =>
    startThread({ ...plain, avro: avro && { ...avro, reader: avro.reader.json }, lane }),
  );
  const { destinations, enablement } = pipeline;
  return new ThreadsPlan(ports, { destinations, enablement, separator, isDuplicate });
}

/** Undefined: the stages do it all. */
export async function settingsOf(
  pipeline: LoadedPipeline,
  window: TimeWindow,
): Promise<TranscoderSettings | undefined> {
  const target = targetOf(pipeline);
  const [decode, filter, ...rest] = pipeline.transforms;
  const toSegment = rest.pop();
  if (!target || !decode || filter?.definition.type !== "filter-enabled") return undefined;
  if (toSegment?.definition.type !== "segment-event") return undefined;
  if (rest.some(({ definition }) => definition.type !== "filter-time")) return undefined;
  // Checked by each stage's own schema when the pipeline was loaded.
  const segmentEvent = toSegment.config as SegmentEventConfig;
  if (segmentEvent.extras.length > 0) return undefined;
  const forms = await formsOf(decode, pipeline.baseDir);
  if (!forms) return undefined;
  const windows = [...rest.map(({ config }) => config as TimeWindow), window].map(({ since, until }) => ({
    sinceMs: since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(since),
    untilMs: until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until),
  }));
  return {
    ...forms,
    experiments: (filter.config as { experiments: boolean }).experiments,
    windows,
    segmentEvent,
    destinations: pipeline.destinations,
    enablement: pipeline.enablement,
    wallMs: () => systemClock.wallMs(),
    ...target,
  };
}

/** What the pipeline's first transform reads. */
async function formsOf(
  { definition, config }: LoadedPipeline["transforms"][number],
  baseDir: string,
): Promise<Pick<TranscoderSettings, "avro" | "json"> | undefined> {
  if (definition.type === "json-decode") return { avro: undefined, json: true };
  if (definition.type !== "avro-decode") return undefined;
  const { schema, encoding, limits } = config as { schema: string; encoding: string; limits: DatumLimits };
  return { avro: { reader: await readSchema(baseDir, schema), limits }, json: encoding === "auto" };
}

/** Of a sink that takes events as the bytes of their JSON. */
function targetOf({
  sinks,
}: LoadedPipeline): Pick<TranscoderSettings, "laneOf" | "separator" | "maxEventBytes"> | undefined {
  const [sink] = sinks;
  // Which of several sinks takes an event is decided by looking at it.
  if (!sink || sinks.length > 1 || sink.when) return undefined;
  switch (sink.definition.type) {
    case "segment": {
      const { maxEventBytes } = sink.config as { maxEventBytes: number };
      return { laneOf: (destination) => destination, separator: 0x2c, maxEventBytes };
    }
    case "file":
      return { laneOf: () => "main", separator: 0x0a, maxEventBytes: lineLimits.itemBytes };
    default:
      return undefined;
  }
}
