// Delivers an event only where it was missed, and notes at each letter what became of it.

import type { Sink } from "../../engine/contracts.ts";
import { type Only, otherDestination } from "../../engine/router.ts";
import type { RunObserver } from "../../engine/observers.ts";
import { SegmentEvent } from "../../events/segment-event.ts";
import { LetterRecord } from "./letter-source.ts";

/**
 * A letter of one sink names it, and its lane as the destination. A letter of a transform may name a destination, which
 * all sinks miss. One that names neither was missed by all.
 */
export const missedOnly: Only = {
  sends(origin, { name, sink }, value) {
    if (!(origin instanceof LetterRecord)) return true;
    if (origin.sink !== undefined && origin.sink !== name) return false;
    const { destination } = origin;
    if (destination === undefined || sink.laneOf(value) === destination) return true;
    return origin.sink === undefined && value instanceof SegmentEvent && value.destination.id === destination;
  },
  concerns: (origin, destination) =>
    !(origin instanceof LetterRecord) ||
    (origin.sink === undefined && (origin.destination ?? destination) === destination),
};

export const outcomes: RunObserver = {
  delivered(_lane, items) {
    for (const { origin } of items) if (origin instanceof LetterRecord) origin.delivered += 1;
  },
  dropped(origin, _stage, drop) {
    if (origin instanceof LetterRecord && drop !== otherDestination) origin.dropped += 1;
  },
};

/** The same sink; a letter that was written is noted at the one it came from. */
export function noteNewLetters(sink: Sink): Sink {
  return {
    limits: sink.limits,
    laneOf: (value) => sink.laneOf(value),
    laneSettings: (lane) => sink.laneSettings(lane),
    encode: (value) => sink.encode(value),
    async write(batch, signal) {
      const faults = await sink.write(batch, signal);
      for (const [i, { origin }] of batch.items.entries())
        if (!faults?.[i] && origin instanceof LetterRecord) origin.deadLettered += 1;
      return faults;
    },
    probe: (lane, signal) => sink.probe(lane, signal),
    close: () => sink.close(),
  };
}
