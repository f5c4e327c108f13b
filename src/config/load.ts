// A pipeline file -> a checked definition that a run can be built from, or everything that is wrong with it.

import { dirname, join, resolve } from "node:path";

import type {
  Destinations,
  Enablement,
  SinkDefinition,
  SourceDefinition,
  StageDefinition,
  TransformDefinition,
} from "../engine/contracts.ts";
import type { EventShape } from "../expressions/known-fields.ts";
import { checkPart } from "./check.ts";
import { configHash } from "./config-hash.ts";
import { checkDeadLetters, checkLimits, checkRates, checkShapes } from "./cross-rules.ts";
import type { Placed } from "./cross-rules.ts";
import type { DeclaredFiles } from "./declared.ts";
import { DeclaredLoader } from "./load-declared.ts";
import { deadLetterTypes, pipelineFile, routedPipelineFile } from "./definition.ts";
import type { LaunchDarklySettings, PipelineFile } from "./definition.ts";
import { ownPart } from "./own-part.ts";
import type { Outside } from "./outside.ts";
import { inOrder } from "./problem.ts";
import type { Problem } from "./problem.ts";
import type { Registry } from "./registry.ts";
import { checkWhens, type LoadedSink, type PlacedSink, placeSinks } from "./sinks.ts";
import { SecretScrubber } from "./scrubber.ts";
import { Sources } from "./sources.ts";
import { isMap, StageChecker } from "./stages.ts";
import type { CheckedStage, LoadedStage } from "./stages.ts";
import { MAX_PIPELINE_BYTES, YamlFile } from "./yaml-file.ts";

export interface LoadOptions {
  readonly registry: Registry;
  readonly outside: Outside;
  readonly declared: DeclaredFiles;
  /**
   * Takes the place of the file's source: `sluice backfill --from`. The source in the file is then neither
   * resolved nor checked, so its environment variables need not be set. Paths in it are taken as they are:
   * make them absolute, or they start at the YAML file's folder.
   */
  readonly replaceSource?: Replacement | undefined;
  /** The same for the sink: `--to`. The secrets of the destinations are then not needed either. */
  readonly replaceSink?: Replacement | undefined;
}

export interface Replacement {
  /** Where problems are reported: `--from`. */
  readonly option: string;
  readonly value: { readonly type: string; readonly [key: string]: unknown };
}

export interface LoadedPipeline {
  /** As it was given. */
  readonly file: string;
  /** Absolute; relative paths in the configuration start here. */
  readonly baseDir: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly source: LoadedStage<SourceDefinition>;
  readonly transforms: readonly LoadedStage<TransformDefinition>[];
  /** At least one; names are unique. */
  readonly sinks: readonly LoadedSink[];
  readonly deadLetters: LoadedStage<SinkDefinition> & {
    readonly window: PipelineFile["deadLetters"]["window"];
  };
  readonly inFlight: PipelineFile["inFlight"];
  readonly drainMs: number;
  readonly destinations: Destinations;
  readonly enablement: Enablement;
  /** Set: the enablement is LaunchDarkly's own, which is asked while the pipeline runs; `enablement` has nothing. */
  readonly enablementFrom?: LaunchDarklySettings | undefined;
  /**
   * Config version: SHA-256 of what decides what a record becomes (name, transforms and sink, references
   * resolved, without secrets). Where records come from and run settings are not in it, so that a backfill
   * goes on with more files, and its checkpoint is refused when the events would be others.
   */
  readonly hash: string;
  /** Knows every secret of the definition. */
  readonly scrubber: SecretScrubber;
}

export type LoadResult =
  | {
      readonly pipeline: LoadedPipeline;
      readonly sources: Sources;
      /** What will be a problem one day; sorted as problems are. */
      readonly warnings: readonly Problem[];
    }
  | { readonly problems: readonly Problem[]; readonly sources: Sources };

/** Never rejects for what the files hold. Problems are sorted by position, all of them at once. */
export async function loadPipeline(name: string, options: LoadOptions): Promise<LoadResult> {
  const scrubber = new SecretScrubber();
  const sources = new Sources(scrubber);
  const path = resolve(name);
  const file = await YamlFile.read({ name, path, maxBytes: MAX_PIPELINE_BYTES }, options.outside, sources);
  if (file.value === undefined) return { problems: inOrder(file.problems), sources };
  const loader = new Loader(file, dirname(path), options, scrubber, sources);
  const pipeline = await loader.load();
  return pipeline
    ? { pipeline, sources, warnings: inOrder(loader.warnings()) }
    : { problems: inOrder(loader.problems()), sources };
}

class Loader {
  private readonly stages: StageChecker;
  private readonly declared: DeclaredLoader;
  private readonly optionFiles: YamlFile[] = [];
  private readonly context;

  constructor(
    private readonly file: YamlFile,
    private readonly baseDir: string,
    private readonly options: LoadOptions,
    private readonly scrubber: SecretScrubber,
    sources: Sources,
  ) {
    this.context = { outside: options.outside, baseDir, scrubber };
    this.stages = new StageChecker(options.registry, this.context, (path) => resolve(baseDir, path));
    const shownDir = dirname(file.name);
    const forDestinations = { ...this.context, withoutSecrets: !sendsToDestinations(options) };
    this.declared = new DeclaredLoader(file, forDestinations, sources, (path) => ({
      name: join(shownDir, path),
      path: resolve(baseDir, path),
    }));
  }

  problems(): Problem[] {
    return [
      ...this.file.problems,
      ...this.optionFiles.flatMap((one) => one.problems),
      ...this.declared.problems,
    ];
  }

  warnings(): Problem[] {
    return [...this.file.warnings, ...this.declared.warnings];
  }

  async load(): Promise<LoadedPipeline | undefined> {
    const written = isMap(this.file.value) ? this.file.value : {};
    const outer = await this.outer();
    const source = await this.end("source", written["source"], this.options.replaceSource);
    const transforms = await this.transforms(written["transforms"]);
    const sinks = await this.sinks();
    const deadLetters = await this.deadLetters(written["deadLetters"]);
    const wasList = written["transforms"] === undefined || Array.isArray(written["transforms"]);
    const given = wasList ? checkShapes([source, ...transforms, ...sinks], this.options.registry) : undefined;
    await checkWhens(sinks, given);
    // The schema has been checked: `value` is what the definition's type says.
    const pipeline = outer.valid ? (outer.value as PipelineFile) : undefined;
    if (pipeline) checkLimits({ pipeline, source, sinks }, this.file);
    const { destinations, enablement } = await this.declared.load(
      outer.value,
      transforms,
      this.options.declared,
    );
    for (const sink of sinks)
      if (sink.stage?.definition.accepts === "segment-event") checkRates(sink, destinations.all());
    if (this.problems().length > 0 || !pipeline) return undefined;
    const steps = transforms.map(({ stage }) => loaded(stage));
    const ends = sinks.map(({ stage, name, when }) => ({
      ...loaded(stage),
      name,
      // Checked with this very shape.
      when: when === undefined ? undefined : { text: when, shape: given as EventShape },
    }));
    const { name, description, inFlight, drainMs } = pipeline;
    return {
      file: this.file.name,
      baseDir: this.baseDir,
      name,
      description,
      source: loaded(source.stage),
      transforms: steps,
      sinks: ends,
      deadLetters: { ...durable(loaded(deadLetters.stage)), window: pipeline.deadLetters.window },
      inFlight,
      drainMs,
      destinations,
      enablement,
      enablementFrom: typeof pipeline.enablement === "string" ? undefined : pipeline.enablement,
      hash: configHash(name, [...steps, ...ends]),
      scrubber: this.scrubber,
    };
  }

  /** Everything but what belongs to the stages. */
  private outer() {
    const { replaceSource, replaceSink } = this.options;
    const value = ownPart(this.file.value, { source: !!replaceSource, sink: !!replaceSink });
    const hasSinks = !replaceSink && isMap(value) && value["sinks"] !== undefined;
    return checkPart(
      { value, path: "", schema: hasSinks ? routedPipelineFile : pipelineFile, owner: "the pipeline" },
      this.file,
      this.context,
    );
  }

  private async sinks(): Promise<PlacedSink[]> {
    const { replaceSink } = this.options;
    if (!replaceSink) return placeSinks(this.file, this.stages);
    const placed = await this.end("sink", undefined, replaceSink);
    return [{ ...placed, name: replaceSink.value.type, when: undefined }];
  }

  private async end<R extends "source" | "sink">(
    role: R,
    value: unknown,
    replacement: Replacement | undefined,
  ) {
    if (!replacement) {
      const path = `/${role}`;
      return {
        stage: await this.stages.check(role, { file: this.file, value, path }),
        path,
        file: this.file,
      };
    }
    const file = YamlFile.ofOption(replacement.option, replacement.value);
    this.optionFiles.push(file);
    const stage = await this.stages.check(role, { file, value: replacement.value, path: "" });
    return { stage, path: "", file };
  }

  private async deadLetters(value: unknown): Promise<Placed<SinkDefinition>> {
    const path = "/deadLetters";
    const written = { file: this.file, value, path, notIts: ["window"], only: deadLetterTypes };
    const placed = { stage: await this.stages.check("sink", written), path, file: this.file };
    checkDeadLetters(placed);
    return placed;
  }

  private async transforms(value: unknown): Promise<Placed<TransformDefinition>[]> {
    const placed: Placed<TransformDefinition>[] = [];
    for (const [i, one] of (Array.isArray(value) ? (value as unknown[]) : []).entries()) {
      const path = `/transforms/${i}`;
      const stage = await this.stages.check("transform", { file: this.file, value: one, path });
      placed.push({ stage, path, file: this.file });
    }
    return placed;
  }
}

/** A record is acked when its dead letter is written, so written has to mean on the disk. */
function durable<S extends LoadedStage>(stage: S): S {
  const { config } = stage;
  return isMap(config) && "durable" in config ? { ...stage, config: { ...config, durable: true } } : stage;
}

/** With no problem found, every stage has its configuration. */
function loaded<D extends StageDefinition>(stage: CheckedStage<D> | undefined): LoadedStage<D> {
  if (!stage || !("config" in stage))
    throw new Error("a stage without a configuration and without a problem");
  return stage;
}

/** A sink of any shape writes events down; only others use the destinations' write keys. */
function sendsToDestinations({ registry, replaceSink }: LoadOptions): boolean {
  const sink = registry.sinks.find(({ type }) => type === replaceSink?.value.type);
  return sink?.accepts !== "any";
}
