// What changed among the transforms: those of one type are paired in order, the rest came or went.

import type { LoadedStage } from "../../config/stages.ts";
import type { TransformDefinition } from "../../engine/contracts.ts";
import type { Change, Severity } from "./change.ts";
import { keyChanges } from "./values.ts";

type Stage = LoadedStage<TransformDefinition>;

export function transformChanges(from: readonly Stage[], to: readonly Stage[]): Change[] {
  const found: Change[] = [];
  const left = [...from];
  let lastIndex = -1;
  for (const stage of to) {
    const { type } = stage.definition;
    const exact = left.findIndex(
      (one) => one.definition.type === type && keyChanges(one.config, stage.config).length === 0,
    );
    const index = exact >= 0 ? exact : left.findIndex((one) => one.definition.type === type);
    const before = index < 0 ? undefined : left[index];
    if (!before) {
      found.push(...told(stage, "is new"));
      continue;
    }
    left.splice(index, 1);
    const place = from.indexOf(before);
    if (place < lastIndex) found.push(...told(stage, "stands in another place"));
    lastIndex = Math.max(lastIndex, place);
    for (const { key, from: was, to: is } of keyChanges(before.config, stage.config))
      found.push(...told(stage, `${key}: ${was} becomes ${is}`, before));
  }
  for (const stage of left) found.push(...told(stage, "is gone"));
  return found;
}

function told(stage: Stage, what: string, before: Stage = stage): Change[] {
  const { definition } = stage;
  const change = (severity: Severity, so: string): Change => ({
    ...{ severity, where: `transform ${definition.type}`, what, so },
  });
  const found = [change(...meaningOf(definition, what))];
  const shapes = [shapeOf(stage), shapeOf(before)];
  if (makesEvents(definition) && shapes.includes("export-event"))
    found.push(
      change(
        "duplicates",
        "it works on the export event: where it touches event.id, project or environment, or any field of an event without an id, the message id is another one",
      ),
    );
  return found;
}

function meaningOf({ type, drops, emits }: TransformDefinition, what: string): [Severity, string] {
  if (type === "redact")
    return what === "is new"
      ? ["content", "less leaves than before; the same person has another id from here on"]
      : ["privacy", "look at what it covered before: hashes, masks or removals may be missing, or be others"];
  if (type === "segment-event") return ["content", "the mapping itself changes"];
  if (Object.keys(drops ?? {}).length > 0)
    return ["loss", `it drops events (${Object.keys(drops ?? {}).join(", ")}): others than before`];
  if (emits === "export-event")
    return ["loss", "messages are decoded otherwise: some may become dead letters"];
  return ["content", "fields of the events change"];
}

/** It hands on other events than it was given, of the same shape. */
function makesEvents({ type }: TransformDefinition): boolean {
  return type === "map-fields" || type === "redact";
}

function shapeOf({ definition, config }: Stage): string {
  return definition.shapeOf?.(config as never) ?? definition.emits;
}
