// What the loader and the generators need to know about the stages that exist. The list itself is
// `src/registry.ts`; tests pass lists of their own.

import type {
  SinkDefinition,
  SourceDefinition,
  StageDefinition,
  TransformDefinition,
} from "../engine/contracts.ts";

export interface Registry {
  readonly sources: readonly SourceDefinition[];
  readonly transforms: readonly TransformDefinition[];
  readonly sinks: readonly SinkDefinition[];
}

export type Role = StageDefinition["role"];

export function stagesOf(registry: Registry, role: Role): readonly StageDefinition[] {
  return role === "source" ? registry.sources : role === "sink" ? registry.sinks : registry.transforms;
}

/** Every role that has a stage of this type. */
export function rolesOf(registry: Registry, type: string): Role[] {
  const roles: readonly Role[] = ["source", "transform", "sink"];
  return roles.filter((role) => stagesOf(registry, role).some((stage) => stage.type === type));
}
