import type { Logger } from "./contracts.ts";
import { toError } from "./errors.ts";

/** Closes one after the other, whatever happens on the way; yields the first failure. */
export async function closeAll(
  parts: readonly ({ close?(): Promise<void> } | undefined)[],
  log: Logger,
): Promise<Error | undefined> {
  let failure: Error | undefined;
  for (const part of parts) {
    try {
      await part?.close?.();
    } catch (error) {
      failure ??= toError(error);
      log.error({ err: error }, "a stage could not close");
    }
  }
  return failure;
}
