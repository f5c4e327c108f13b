// A sink and a local Segment for one test, closed after it.

import { afterEach } from "vitest";

import {
  type SegmentEmulator,
  type SegmentEmulatorOptions,
  startSegment,
} from "../../../src/emulators/segment/emulator.ts";
import type { SegmentSink } from "../../../src/sinks/segment/segment-sink.ts";
import { aBatch, aMessage, aSink, destinationAt } from "./sink-under-test.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Closed after the test. */
export function kept<T extends { close(): Promise<void> }>(thing: T): T {
  closing.push(() => thing.close());
  return thing;
}

export async function segment(options: SegmentEmulatorOptions = {}): Promise<SegmentEmulator> {
  return kept(await startSegment({ recordBodies: true, ...options }));
}

export function sinkTo(endpoint: string, config: Parameters<typeof aSink>[1] = {}): SegmentSink {
  return kept(aSink(destinationAt(endpoint), config));
}

export const running = (): AbortSignal => new AbortController().signal;
export const write = (sink: SegmentSink, signal = running()) => sink.write(aBatch(sink, aMessage()), signal);
