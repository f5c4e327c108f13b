// One attempt of one batch, and what became of it. It never rejects: what a sink throws besides SinkFault is a bug.

import assert from "node:assert";

import type { Batch, Sink } from "./contracts.ts";
import { SinkFault } from "./errors.ts";

type Written = undefined | readonly (SinkFault | null)[];

/** For traces: calls `write` once and passes on what becomes of it. */
export type AroundWrite = (batch: Batch, write: () => Promise<Written>) => Promise<Written>;

export class Bug {
  constructor(readonly error: unknown) {}
}

/** Undefined: all delivered. A list: per item, null when delivered. */
export type Outcome = Written | SinkFault | Bug;

/** The destination said something; a connection that fails at once says nothing of how long requests take. */
export function isAnswer(outcome: Outcome): boolean {
  return !(outcome instanceof Bug) && !(outcome instanceof SinkFault && outcome.kind === "unavailable");
}

export async function attemptWrite(
  sink: Sink,
  batch: Batch,
  { signal, aroundWrite }: { readonly signal: AbortSignal; readonly aroundWrite?: AroundWrite | undefined },
): Promise<Outcome> {
  const write = () => sink.write(batch, signal);
  try {
    const faults = await (aroundWrite ? aroundWrite(batch, write) : write());
    const aligned = faults === undefined || faults.length === batch.items.length;
    assert(aligned, "a sink answered for another number of items than it was given");
    return faults;
  } catch (error) {
    return error instanceof SinkFault ? error : new Bug(error);
  }
}
