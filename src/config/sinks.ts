// The sinks of a pipeline: `sink` or `sinks`, each with its name and its `when`.

import type { Shape, SinkDefinition } from "../engine/contracts.ts";
import type { When } from "../expressions/when.ts";
import type { Placed } from "./cross-rules.ts";
import { routingKeys } from "./definition.ts";
import { isMap, type LoadedStage, type StageChecker } from "./stages.ts";
import type { YamlFile } from "./yaml-file.ts";

export interface LoadedSink extends LoadedStage<SinkDefinition> {
  /** Unique in its pipeline. */
  readonly name: string;
  /** Which events it takes; absent: all. */
  readonly when?: When | undefined;
}

export interface PlacedSink extends Placed<SinkDefinition> {
  readonly name: string;
  readonly when: string | undefined;
}

/** What the file says, whichever of the two keys it uses. The file gets the problems of both together. */
export async function placeSinks(file: YamlFile, stages: StageChecker): Promise<PlacedSink[]> {
  const written = isMap(file.value) ? file.value : {};
  const { sink, sinks } = written;
  if (sinks === undefined) return [await placed(file, stages, sink, "/sink")];
  if (sink !== undefined) {
    const message = "a pipeline has sink or sinks, not both; move the one under sink into the list";
    file.add({ code: "sink-and-sinks", path: "/sink", message });
  }
  const all: PlacedSink[] = [];
  for (const [i, one] of (Array.isArray(sinks) ? (sinks as unknown[]) : []).entries())
    all.push(await placed(file, stages, one, `/sinks/${i}`));
  checkNames(all);
  return all;
}

/** `given`: the shape that reaches the sinks; undefined: something before them is wrong already. */
export async function checkWhens(sinks: readonly PlacedSink[], given: Shape | undefined): Promise<void> {
  for (const { when, path, file } of sinks) {
    if (when === undefined || given === undefined) continue;
    const { isEventShape, whenProblems } = await import("../expressions/when.ts");
    const at = `${path}/when`;
    if (!isEventShape(given)) {
      const message = `when looks at events, but ${given} reaches the sinks; put a transform that decodes before them`;
      file.add({ code: "when-without-events", path: at, message });
      continue;
    }
    for (const { code, message, offset } of whenProblems({ text: when, shape: given }))
      file.add({ code, message, path: at, offset });
  }
}

async function placed(
  file: YamlFile,
  stages: StageChecker,
  value: unknown,
  path: string,
): Promise<PlacedSink> {
  const stage = await stages.check("sink", { file, value, path, notIts: routingKeys });
  const text = (key: string) => {
    const written = isMap(value) ? value[key] : undefined;
    return typeof written === "string" ? written : undefined;
  };
  return { stage, path, file, name: text("name") ?? text("type") ?? "", when: text("when") };
}

function checkNames(sinks: readonly PlacedSink[]): void {
  const seen = new Set<string>();
  for (const { name, path, file } of sinks) {
    if (name !== "" && seen.has(name)) {
      const message = `another sink is named ${name} already; give this one a name of its own`;
      file.add({ code: "sink-name-taken", path: file.has(`${path}/name`) ? `${path}/name` : path, message });
    }
    seen.add(name);
  }
}
