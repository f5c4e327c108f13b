// The part of a pipeline file that belongs to no stage: what is left when each stage is cut down to its `type`.

import { routingKeys } from "./definition.ts";
import { isMap } from "./stages.ts";

export interface Cut {
  /** This end is replaced from the command line: whatever the file says about it counts for nothing. */
  readonly source: boolean;
  readonly sink: boolean;
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: this is how references are written.
const LAUNCHDARKLY = { type: "launchdarkly", accessToken: "${LAUNCHDARKLY_ACCESS_TOKEN}" };

export function ownPart(file: unknown, replaced: Cut): unknown {
  if (!isMap(file)) return file;
  const { transforms } = file;
  return {
    ...file,
    // Short for the settings with the usual token.
    ...(file["enablement"] === "launchdarkly" ? { enablement: LAUNCHDARKLY } : {}),
    ...end("source", file["source"], replaced.source),
    ...end("sink", file["sink"], replaced.sink),
    ...sinks(file["sinks"], replaced.sink),
    ...only("deadLetters", file["deadLetters"], ["type", "window"]),
    ...(Array.isArray(transforms)
      ? { transforms: transforms.map((one: unknown) => (isMap(one) ? pick(one, ["type"]) : one)) }
      : {}),
  };
}

function end(role: "source" | "sink", value: unknown, replaced: boolean): Record<string, unknown> {
  if (replaced) return { [role]: { type: "replaced" } };
  return only(role, value, role === "sink" ? ["type", ...routingKeys] : ["type"]);
}

function sinks(value: unknown, replaced: boolean): Record<string, unknown> {
  if (replaced) return { sinks: undefined };
  if (!Array.isArray(value)) return {};
  const cut = (one: unknown) => (isMap(one) ? pick(one, ["type", ...routingKeys]) : one);
  return { sinks: value.map(cut) };
}

function only(key: string, value: unknown, keys: readonly string[]): Record<string, unknown> {
  return isMap(value) ? { [key]: pick(value, keys) } : {};
}

function pick(value: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(keys.filter((key) => Object.hasOwn(value, key)).map((key) => [key, value[key]]));
}
