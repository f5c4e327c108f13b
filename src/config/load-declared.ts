// Loads the destinations and enablement files that a pipeline names, with the same machinery and messages.

import type { Destinations, Enablement, TransformDefinition } from "../engine/contracts.ts";
import type { Placed } from "./cross-rules.ts";
import { noDestinations, nothingEnabled, readers } from "./declared.ts";
import type { DeclaredFile, DeclaredFiles } from "./declared.ts";
import { quote } from "./place.ts";
import type { Problem } from "./problem.ts";
import type { ResolveContext } from "./resolve.ts";
import type { Sources } from "./sources.ts";
import { isMap } from "./stages.ts";
import { checkDeclared, isPrivate } from "./check-declared.ts";
import { YamlFile } from "./yaml-file.ts";

interface FileName {
  /** As shown in problems. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
}

export class DeclaredLoader {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];

  constructor(
    private readonly pipeline: YamlFile,
    private readonly context: ResolveContext,
    private readonly sources: Sources,
    private readonly locate: (path: string) => FileName,
  ) {}

  /** `outer` is the pipeline file's own part; it may not be valid. */
  async load(
    outer: unknown,
    transforms: readonly Placed<TransformDefinition>[],
    files: DeclaredFiles,
  ): Promise<{ destinations: Destinations; enablement: Enablement }> {
    const one = <T>(key: keyof DeclaredFiles, declared: DeclaredFile<T>) => {
      const path = isMap(outer) ? outer[key] : undefined;
      return typeof path === "string" && path !== "" ? this.one(key, path, transforms, declared) : undefined;
    };
    return {
      destinations: (await one("destinations", files.destinations)) ?? noDestinations,
      enablement: (await one("enablement", files.enablement)) ?? nothingEnabled,
    };
  }

  private async one<T>(
    key: keyof DeclaredFiles,
    path: string,
    transforms: readonly Placed<TransformDefinition>[],
    declared: DeclaredFile<T>,
  ): Promise<T | undefined> {
    const types: readonly string[] = readers[key];
    const reader = transforms.find(({ stage }) => stage && types.includes(stage.definition.type));
    const written = this.pipeline.has(`/${key}`);
    if (!written && !reader) return undefined;
    const from = this.locate(path);
    const file = await YamlFile.read(
      { ...from, maxBytes: declared.maxBytes },
      this.context.outside,
      this.sources,
    );
    if (isPrivate(declared)) this.sources.hide(from.name);
    const unreadable = file.problems.find((problem) => problem.code === "unreadable-file");
    if (unreadable) {
      const why = written ? "" : `${reader?.stage?.definition.type} reads ${key} from `;
      const at = written ? `/${key}` : `${reader?.path ?? ""}/type`;
      const message = `${why}${quote(from.name)}: ${unreadable.message}`;
      this.pipeline.add({ code: "unreadable-file", path: at, message });
      return undefined;
    }
    const value = await checkDeclared(file, declared, this.context);
    this.problems.push(...file.problems);
    this.warnings.push(...file.warnings);
    return value && declared.build(value.value);
  }
}
