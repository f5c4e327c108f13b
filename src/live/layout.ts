// How a pipeline is drawn: its stages under names of their own, and the arrows between them. Arrow 0 leaves the source,
// arrow n the n-th transform; the last one enters the sinks.

import type { LoadedPipeline } from "../config/load.ts";
import type { Shape } from "../engine/contracts.ts";

export interface StageView {
  readonly name: string;
  readonly type: string;
  readonly role: "source" | "transform" | "sink";
  readonly shape: Shape;
}

export interface ArrowView {
  readonly from: string;
  readonly to: readonly string[];
  readonly shape: Shape;
}

export interface Layout {
  readonly stages: readonly StageView[];
  readonly arrows: readonly ArrowView[];
}

/** What a layout needs of a pipeline. */
export type Drawn = Pick<LoadedPipeline, "source" | "sinks"> & {
  readonly transforms: readonly DrawnTransform[];
};

export interface DrawnTransform {
  readonly type: string;
  readonly emits: Shape;
  readonly config: unknown;
}

export function drawn({ source, transforms, sinks }: LoadedPipeline): Drawn {
  return {
    source,
    sinks,
    transforms: transforms.map(({ definition, config }) => ({
      type: definition.type,
      emits: definition.shapeOf?.(config as never) ?? definition.emits,
      config,
    })),
  };
}

export function layoutOf({ source, transforms, sinks }: Drawn): Layout {
  const used = new Map<string, number>();
  const nameOf = (type: string): string => {
    const n = (used.get(type) ?? 0) + 1;
    used.set(type, n);
    return n === 1 ? type : `${type}-${n}`;
  };
  const stages: StageView[] = [];
  let shape = source.definition.emits;
  const put = (type: string, role: StageView["role"], name = type) =>
    stages.push({ name: nameOf(name), type, role, shape });
  put(source.definition.type, "source");
  for (const { type, emits } of transforms) {
    if (emits !== "any") shape = emits;
    put(type, "transform");
  }
  const leaving = stages.length;
  for (const { definition, name } of sinks) put(definition.type, "sink", name);
  const ends = stages.slice(leaving).map(({ name }) => name);
  const arrows = stages.slice(0, leaving).map((stage, i) => ({
    from: stage.name,
    to: i + 1 < leaving ? [stages[i + 1]!.name] : ends,
    shape: stage.shape,
  }));
  return { stages, arrows };
}
