import { createHash } from "node:crypto";

import { isMap } from "./stages.ts";
import type { LoadedSink } from "./sinks.ts";
import type { LoadedStage } from "./stages.ts";

/** SHA-256 of what decides what a record becomes. Secrets show themselves as "[redacted]", so they are not in it. */
export function configHash(
  name: string,
  stages: readonly (LoadedStage & Pick<Partial<LoadedSink>, "when">)[],
): string {
  const definition = {
    name,
    stages: stages.map(({ definition, config, when }) => ({
      type: definition.type,
      config,
      ...(when === undefined ? {} : { when: when.text }),
    })),
  };
  return createHash("sha256")
    .update(canonical(JSON.parse(JSON.stringify(definition))))
    .digest("hex");
}

/** JSON with sorted keys. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isMap(value)) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
}
