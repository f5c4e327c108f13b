// Delivered marks: what the command line says about them. The option has an environment variable, so that the same
// command runs everywhere.

import type { Logger } from "../engine/contracts.ts";
import type { DeliveredMarks } from "../marks/delivered-marks.ts";
import { UsageError } from "./exit-code.ts";
import type { RateOptions } from "./rate-options.ts";

export interface MarksOptions {
  readonly deliveredMarksMinutes?: number | undefined;
}

export const marksOption = {
  deliveredMarksMinutes: {
    alias: "delivered-marks-minutes",
    type: "number",
    requiresArg: true,
    describe:
      "Remember in the rate store for so long what was delivered, so that a crash does not send it again (or SLUICE_DELIVERED_MARKS_MINUTES; off when absent)",
  },
} as const;

const MOST_MINUTES = 1_440;

type Environment = Readonly<Record<string, string | undefined>>;

/** Undefined: nothing is remembered. Throws UsageError for what cannot be meant. */
export async function deliveredMarks(
  options: MarksOptions & RateOptions,
  env: Environment,
  log: Logger,
): Promise<DeliveredMarks | undefined> {
  const minutes = options.deliveredMarksMinutes ?? (env["SLUICE_DELIVERED_MARKS_MINUTES"] || undefined);
  if (minutes === undefined) return undefined;
  const keepMs = Number(minutes) * 60_000;
  if (!(keepMs > 0 && Number(minutes) <= MOST_MINUTES))
    throw new UsageError(
      `--delivered-marks-minutes takes a number above 0 and at most ${MOST_MINUTES}, not ${minutes}`,
    );
  const place = marksPlace(options, env);
  if (place === undefined)
    throw new UsageError(
      "--delivered-marks-minutes needs a --rate-store: the marks are kept where the rates are",
    );
  const { systemClock } = await import("../engine/clock.ts");
  const { RedisMarks } = await import("../marks/redis-marks.ts");
  return new RedisMarks({ ...place, keepMs, log, clock: systemClock });
}

/** Where the marks of an installation are; undefined: no store was named. */
export function marksPlace(
  { rateStore }: RateOptions,
  env: Environment,
): { readonly url: string; readonly prefix: string } | undefined {
  const url = rateStore ?? (env["SLUICE_RATE_STORE"] || undefined);
  return url === undefined ? undefined : { url, prefix: env["SLUICE_RATE_PREFIX"] || "sluice" };
}
