// SIGTERM and SIGINT: the first asks for a drain, the second ends the process at once.

import { exitCode } from "./exit-code.ts";

/**
 * Calls `stop` on the first signal, and `leave` on the second before the process ends. Returns a function that takes the
 * handlers away again.
 */
export function onStopSignal(stop: (signal: string) => void, leave: () => void = () => {}): () => void {
  let asked = false;
  const handle = (signal: NodeJS.Signals) => {
    if (asked) {
      process.stderr.write(`second ${signal}: exiting now; what was in hand comes again\n`);
      leave();
      process.exit(exitCode.gaveBack);
    }
    asked = true;
    stop(signal);
  };
  process.on("SIGTERM", handle);
  process.on("SIGINT", handle);
  return () => {
    process.off("SIGTERM", handle);
    process.off("SIGINT", handle);
  };
}
