// Every command on the store: opens it, closes it, and says in plain words what was wrong.

import { InvalidInput } from "../../destinations/check-input.ts";
import { Conflict, NoSuchDestination } from "../../destinations/destination-keeper.ts";
import { exitCode, type ExitCode, UsageError } from "../exit-code.ts";
import { type OpenStore, openStore } from "../settings-store.ts";
import type { StoreOptions } from "../store-options.ts";

export async function withStore(
  options: StoreOptions,
  act: (open: OpenStore) => Promise<ExitCode>,
): Promise<ExitCode> {
  const open = await openStore(options);
  try {
    return await act(open);
  } catch (error) {
    const said = explain(error, open);
    if (said === undefined) throw error;
    process.stderr.write(`${open.scrubber.scrub(said)}\n`);
    return error instanceof Conflict ? exitCode.failed : exitCode.invalidInput;
  } finally {
    await open.store.close();
  }
}

/** As JSON off a terminal or when asked for, else as `text`. */
export function show(
  options: { readonly json?: boolean | undefined },
  value: unknown,
  text: () => string,
): void {
  const isJson = options.json ?? !process.stdout.isTTY;
  process.stdout.write(`${isJson ? JSON.stringify(value, null, 2) : text()}\n`);
}

function explain(error: unknown, { folder }: OpenStore): string | undefined {
  if (error instanceof NoSuchDestination)
    return `there is no destination ${error.message} in the store ${folder}`;
  if (error instanceof InvalidInput)
    return error.problems
      .map(({ path, message }) => (path === "" ? message : `${path}: ${message}`))
      .join("\n");
  return error instanceof Conflict || error instanceof UsageError ? error.message : undefined;
}
