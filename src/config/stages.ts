// Finds and validates the stages that a pipeline file names.

import type {
  SinkDefinition,
  SourceDefinition,
  StageDefinition,
  TransformDefinition,
} from "../engine/contracts.ts";
import { checkPart, compile } from "./check.ts";
import { toPointer } from "./positions.ts";
import { checkNamedFile, namedFiles } from "./named-files.ts";
import { quote } from "./place.ts";
import { rolesOf, stagesOf } from "./registry.ts";
import type { Registry, Role } from "./registry.ts";
import type { ResolveContext } from "./resolve.ts";
import { suggest } from "./suggest.ts";
import type { YamlFile } from "./yaml-file.ts";

/** A stage and its validated configuration, defaults and secrets in place. */
export interface LoadedStage<D extends StageDefinition = StageDefinition> {
  readonly definition: D;
  readonly config: unknown;
}

/** A stage as it stands in a file. */
export interface WrittenStage {
  readonly file: YamlFile;
  readonly value: unknown;
  readonly path: string;
  /** Keys that belong to the pipeline and not to the stage. */
  readonly notIts?: readonly string[];
  /** The types that fit here, when not every stage of the role does. */
  readonly only?: readonly string[];
}

/** `config` is missing when the stage is known but not valid. */
export type CheckedStage<D extends StageDefinition> = LoadedStage<D> | { readonly definition: D };

type OfRole<R extends Role> = R extends "source"
  ? SourceDefinition
  : R extends "sink"
    ? SinkDefinition
    : TransformDefinition;

export class StageChecker {
  constructor(
    private readonly registry: Registry,
    private readonly context: ResolveContext,
    /** Turns a path of the configuration into one that can be opened. */
    private readonly locate: (path: string) => string,
  ) {}

  /** undefined: there is no such stage, or no stage at all; the file has got the problem if it is one. */
  async check<R extends Role>(role: R, stage: WrittenStage): Promise<CheckedStage<OfRole<R>> | undefined> {
    const { value, path, file } = stage;
    if (!isMap(value) || typeof value["type"] !== "string") return undefined;
    const definition = this.find(role, value["type"], stage);
    if (!definition) return undefined;
    const notIts = ["type", ...(stage.notIts ?? [])];
    const own = Object.fromEntries(Object.entries(value).filter(([key]) => !notIts.includes(key)));
    const part = { value: own, path, schema: definition.config, owner: `${role} ${definition.type}` };
    const checked = await checkPart(part, file, this.context);
    // `find` looked in the list of this role.
    const found = definition as OfRole<R>;
    if (!checked.valid) return { definition: found };
    const before = file.problems.length;
    for (const problem of (await definition.check?.(checked.value)) ?? []) {
      const message = this.context.scrubber.scrub(problem.message);
      const { code, offset } = problem;
      file.add({ code, message, path: path + toPointer(problem.path), offset });
    }
    for (const named of namedFiles(checked.value, compile(definition.config).schema)) {
      const finding = await checkNamedFile(named, this.locate(named.name), this.context);
      if (finding) file.add({ ...finding, path: path + finding.path });
    }
    return file.problems.length > before
      ? { definition: found }
      : { definition: found, config: checked.value };
  }

  private find(role: Role, type: string, { file, path, only }: WrittenStage): StageDefinition | undefined {
    const stages = stagesOf(this.registry, role).filter((one) => only?.includes(one.type) ?? true);
    const definition = stages.find((one) => one.type === type);
    if (definition) return definition;
    const types = stages.map((one) => one.type);
    const others = rolesOf(this.registry, type);
    const shown = quote(type);
    const wrong = others.includes(role)
      ? `${shown} cannot be used here`
      : others.length > 0
        ? `${shown} is a ${others.join(" and a ")}, not a ${role}`
        : `there is no ${role} ${shown}`;
    const suggestion = suggest(type, types);
    const message = suggestion === undefined ? `${wrong}; known: ${types.join(", ")}` : wrong;
    file.add({ code: "unknown-stage", path: `${path}/type`, message, suggestion });
    return undefined;
  }
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
