// Rules that no single stage can check: what neighbours pass on, and limits that contradict each other.

import type { Destination, Shape, StageDefinition } from "../engine/contracts.ts";
import type { PipelineFile } from "./definition.ts";
import type { Registry } from "./registry.ts";
import { isMap } from "./stages.ts";
import type { CheckedStage } from "./stages.ts";
import type { YamlFile } from "./yaml-file.ts";

/** What stands around one event in a request, rounded up. */
const ENVELOPE_ALLOWANCE_BYTES = 1_024;

/** A stage in its place. `stage` is missing when it is not known: then nothing is said about its neighbours. */
export interface Placed<D extends StageDefinition = StageDefinition> {
  readonly stage: CheckedStage<D> | undefined;
  readonly path: string;
  readonly file: YamlFile;
}

/**
 * From the source to the sinks, in order. Only the first misfit is reported: mending it may mend the others. Gives the
 * shape that reaches the sinks; undefined when it is not known.
 */
export function checkShapes(chain: readonly Placed[], registry: Registry): Shape | undefined {
  let given: { shape: Shape; by: string } | undefined;
  for (const [i, { stage, path, file }] of chain.entries()) {
    const definition = stage?.definition;
    if (!definition) {
      if (!path.startsWith("/sink")) given = undefined;
      continue;
    }
    const chosen = shapeOf(stage);
    const takes = chosen ?? (definition.role === "source" ? "any" : definition.accepts);
    if (given && takes !== "any" && given.shape !== "any" && takes !== given.shape) {
      const canTake = chosen !== undefined && given.shape !== "bytes";
      const fix = canTake
        ? `set its key \`on\` to ${given.shape}, or move it`
        : howToFit(given.shape, takes, chain.slice(i + 1), registry);
      const message = `${definition.type} takes ${takes} but ${given.by} gives ${given.shape}: ${fix}`;
      file.add({ code: "shape-mismatch", path: `${path}/type`, message });
      return undefined;
    }
    // Sinks stand side by side: each takes what the last transform gives.
    if (definition.role === "sink") continue;
    // A transform of any shape hands on what it was given.
    if (definition.emits !== "any" || definition.role === "source") {
      given = { shape: definition.emits, by: definition.type };
    }
  }
  return given?.shape;
}

/** The one shape that a stage of any shape was configured for. */
function shapeOf(stage: CheckedStage<StageDefinition>): Shape | undefined {
  const { definition } = stage;
  if (definition.role !== "transform" || !definition.shapeOf || !("config" in stage)) return undefined;
  // The loader has checked the configuration against the stage's schema.
  return definition.shapeOf(stage.config as never);
}

function howToFit(from: Shape, to: Shape, later: readonly Placed[], registry: Registry): string {
  const between = bridge(from, to, registry);
  const misplaced = between.find((type) => later.some(({ stage }) => stage?.definition.type === type));
  if (misplaced !== undefined) return `move ${misplaced} before it`;
  return between.length > 0
    ? `put ${between.join(" or ")} between`
    : "no transform leads from one to the other";
}

/** The shortest ways from one shape to the other: single transforms, or pairs written `a and b`. */
function bridge(from: Shape, to: Shape, registry: Registry): string[] {
  const starts = registry.transforms.filter((one) => one.accepts === from && one.emits !== from);
  const direct = starts.filter((one) => one.emits === to).map((one) => one.type);
  if (direct.length > 0) return direct;
  return starts.flatMap((first) =>
    registry.transforms
      .filter((second) => second.accepts === first.emits && second.emits === to)
      .map((second) => `${first.type} and ${second.type}`),
  );
}

export interface Limits {
  readonly pipeline: Pick<PipelineFile, "inFlight" | "drainMs" | "deadLetters">;
  readonly source: Placed;
  readonly sinks: readonly Placed[];
}

/** Only what was written or defaulted validly is compared. */
export function checkLimits({ pipeline, source, sinks }: Limits, file: YamlFile): void {
  const { inFlight, drainMs, deadLetters } = pipeline;
  for (const sink of sinks) checkBatches(sink, inFlight.records, file);
  const lease = configNumber(source, "ackDeadlineSeconds");
  if (lease !== undefined && drainMs > lease * 1_000) {
    const written = file.has("/drainMs");
    (written ? file : source.file).add({
      code: "drain-over-lease",
      path: written ? "/drainMs" : `${source.path}/ackDeadlineSeconds`,
      message: `a stop may take ${drainMs} ms, longer than the source's lease of ${lease} s; at most ${lease * 1_000}`,
    });
  }
  const { size, max } = deadLetters.window;
  if (max >= size) {
    const message = `a window of ${size} values never holds more than ${max} dead letters; choose a smaller max`;
    file.add({ code: "window-over-size", path: "/deadLetters/window", message });
  }
}

function checkBatches(sink: Placed, records: number, file: YamlFile): void {
  const batch = configNumber(sink, "maxBatchEvents");
  if (batch === undefined) return;
  const add = (key: string, code: string, message: string) => {
    const written = sink.file.has(`${sink.path}/${key}`);
    const path = written ? `${sink.path}/${key}` : "/inFlight/records";
    (written ? sink.file : file).add({ code, path, message });
  };
  const concurrency = configNumber(sink, "concurrency") ?? 0;
  const full = batch * concurrency;
  if (batch > records) {
    const message = `a batch of ${batch} events can never fill while at most ${records} records are in flight`;
    add("maxBatchEvents", "batch-over-in-flight", message);
  } else if (full > records) {
    const message = `${concurrency} requests of ${batch} events are ${full}, but at most ${records} records are in flight`;
    add("concurrency", "writes-over-in-flight", message);
  }
}

/** Rates against what the sink sends. Only a batch size that somebody wrote is called too large for them. */
export function checkRates(sink: Placed, destinations: readonly Destination[]): void {
  const { file, path } = sink;
  const largest = configNumber(sink, "maxEventBytes");
  for (const { id, config } of largest === undefined ? [] : destinations) {
    const needed = largest! + ENVELOPE_ALLOWANCE_BYTES;
    if (config.rates.bytes >= needed) continue;
    const at = file.has(`${path}/maxEventBytes`) ? "maxEventBytes" : "type";
    const message = `destination ${id} takes ${config.rates.bytes} bytes a second, but one event with its envelope may have ${needed}; raise its bytesPerSecond or lower maxEventBytes`;
    file.add({ code: "event-over-rate", path: `${path}/${at}`, message });
  }
  const batch = configNumber(sink, "maxBatchEvents");
  const fastest = Math.max(0, ...destinations.map(({ config }) => config.rates.events));
  if (batch === undefined || fastest === 0 || batch <= fastest || !file.has(`${path}/maxBatchEvents`)) return;
  const message = `a batch of ${batch} events can never fill: no destination takes more than ${fastest} a second`;
  file.add({ code: "batch-over-rate", path: `${path}/maxBatchEvents`, message });
}

/** What a sink may do to its output, it may not do to dead letters. */
export function checkDeadLetters(deadLetters: Placed): void {
  if (configValue(deadLetters, "mode") !== "overwrite") return;
  const message = "a new run would empty the dead letters of the last one; remove mode";
  deadLetters.file.add({ code: "dead-letters-overwritten", path: `${deadLetters.path}/mode`, message });
}

function configNumber(placed: Placed, key: string): number | undefined {
  const value = configValue(placed, key);
  return typeof value === "number" ? value : undefined;
}

function configValue({ stage }: Placed, key: string): unknown {
  const config = stage && "config" in stage ? stage.config : undefined;
  return isMap(config) ? config[key] : undefined;
}
