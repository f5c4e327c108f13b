// Logs go to stderr: JSON lines for machines, readable lines on a terminal. stdout belongs to results.

import { type LevelWithSilent, pino } from "pino";

import type { SecretScrubber } from "../config/scrubber.ts";
import type { Logger } from "../engine/contracts.ts";

export const logLevels = ["debug", "info", "warn", "error", "silent"] as const satisfies LevelWithSilent[];
export type LogLevel = (typeof logLevels)[number];

export interface LogOptions {
  readonly level: LogLevel;
  readonly pretty: boolean;
  /** Every line passes through these, as the last net for secrets. */
  readonly scrubbers: readonly SecretScrubber[];
  /** On every line. */
  readonly fields?: Readonly<Record<string, string | number>> | undefined;
  /** In place of stderr, for a terminal that shows something else at the bottom. */
  readonly write?: (line: string) => void;
}

export async function createLog(options: LogOptions): Promise<Logger> {
  const out = options.write ?? ((line: string) => void process.stderr.write(line));
  const scrub = (line: string) => options.scrubbers.reduce((text, scrubber) => scrubber.scrub(text), line);
  const settings = {
    level: options.level,
    base: options.fields ?? null,
    redact: {
      paths: ["writeKey", "*.writeKey", "authorization", "headers.authorization"],
      censor: "[redacted]",
    },
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  };
  if (!options.pretty) return plain(pino(settings, { write: (line: string) => out(scrub(line)) }));
  const { prettyFactory } = await import("pino-pretty");
  const prettify = prettyFactory({
    colorize: process.stderr.isTTY && !process.env["NO_COLOR"],
    translateTime: "SYS:HH:MM:ss",
    ignore: "pipeline",
  });
  return plain(pino(settings, { write: (line: string) => out(scrub(prettify(JSON.parse(line)) ?? line)) }));
}

/** Only what the engine uses. */
function plain(log: Logger): Logger {
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
  };
}
