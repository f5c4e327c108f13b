// Invented flags, and what an SDK says about their evaluations.

import type { Random } from "./sample-random.ts";

export interface SampleFlag {
  readonly key: string;
  readonly on: boolean;
  readonly version: number;
  readonly values: readonly unknown[];
  readonly names: readonly string[];
}

/** `on` says what `pipelines/enablement.yaml` says. */
export const SAMPLE_FLAGS: readonly SampleFlag[] = [
  { key: "checkout-redesign", on: true, version: 42, values: [true, false], names: ["on", "off"] },
  { key: "search-ranking", on: true, version: 7, values: ["bm25", "vector", "hybrid"], names: [] },
  {
    key: "new-pricing-page",
    on: true,
    version: 3,
    values: [
      { plan: "basic", price: 9 },
      { plan: "plus", price: 19 },
    ],
    names: ["basic", "plus"],
  },
  { key: "dark-mode", on: false, version: 11, values: [true, false], names: [] },
  { key: "max-upload-mb", on: false, version: 2, values: [10, 50, 100], names: ["small", "medium", "large"] },
];

export function evaluation(
  random: Random,
  flag: SampleFlag,
  inExperiment: boolean,
): Readonly<Record<string, unknown>> {
  if (random() < 0.02)
    return {
      key: flag.key,
      value: flag.values[0],
      default: true,
      reason: { kind: "ERROR", errorKind: "CLIENT_NOT_READY" },
    };
  const variation = Math.floor(random() * flag.values.length);
  const name = flag.names[variation];
  return {
    key: flag.key,
    value: flag.values[variation],
    default: false,
    version: flag.version,
    variation,
    ...(name !== undefined && { variationName: name }),
    ...(random() < 0.1 && { prereqOf: "mobile-app-v2" }),
    ...((inExperiment || random() < 0.5) && { reason: reasonOf(random, inExperiment) }),
  };
}

function reasonOf(random: Random, inExperiment: boolean): object {
  const experiment = inExperiment ? { inExperiment: true } : {};
  return random() < 0.6
    ? { kind: "FALLTHROUGH", ...experiment }
    : { kind: "RULE_MATCH", ruleIndex: 0, ruleId: "d5b69278-8b6e-4a77-9c62-0b5c2f5f9a01", ...experiment };
}
