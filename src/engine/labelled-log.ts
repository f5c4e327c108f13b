import type { Logger } from "./contracts.ts";

/** The same log; every line carries the labels. */
export function labelled(log: Logger, labels: object): Logger {
  const at = (level: keyof Logger) => (fields: object, message: string) =>
    log[level]({ ...labels, ...fields }, message);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
