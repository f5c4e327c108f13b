import type { LogLevel } from "./logger.ts";

/** Options that every command takes. */
export interface GlobalOptions {
  readonly logLevel: LogLevel;
}
