import type { RunContext, Source, SourceDefinition } from "../../../src/engine/contracts.ts";
import definition from "../../../src/sources/file/file.ts";
import { aContext } from "../../support/context.ts";
import { AckingIntake } from "../../support/intakes.ts";

export interface Settings {
  readonly paths?: string | readonly string[];
  readonly [key: string]: unknown;
}

const defaults = {
  paths: "*",
  format: "auto",
  onDamage: "fail",
  blockBytes: 262_144,
  maxLineBytes: 10_485_760,
  maxGunzipRatio: 500,
  checkpointMs: 1_000,
  force: false,
};

/** A file source over `folder`, with the settings as the loader hands them over. */
export async function aFileSource(
  folder: string,
  settings: Settings = {},
  context: Partial<RunContext> = {},
): Promise<Source> {
  const create = definition.create as SourceDefinition["create"];
  return create({ ...defaults, ...settings } as never, aContext({ baseDir: folder, ...context }));
}

/** Reads everything, acks everything, closes. */
export async function readAll(
  folder: string,
  settings: Settings = {},
  context: Partial<RunContext> = {},
): Promise<AckingIntake> {
  const source = await aFileSource(folder, settings, context);
  const intake = new AckingIntake();
  try {
    await source.run(intake, new AbortController().signal);
  } finally {
    await source.close();
  }
  return intake;
}

/** Remembers the last value of every gauge. */
export function recordingGauges() {
  const values: Record<string, number> = {};
  const gauge = (name: string, value: number) => {
    values[name] = value;
  };
  return { values, gauge };
}
