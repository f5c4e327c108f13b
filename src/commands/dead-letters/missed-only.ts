// Delivers an event only where it was missed, and notes at each letter what became of it.

import { Drop, type Sink } from "../../engine/contracts.ts";
import type { RunObserver } from "../../engine/run.ts";
import { SegmentEvent } from "../../events/segment-event.ts";
import type { InsertedTransform } from "../job.ts";
import { LetterRecord } from "./letter-source.ts";

/** No decision about an event: it has been delivered there, or has a letter of its own. */
export const otherDestination = new Drop("other-destination");

/** A letter's destination is the sink's lane. `laneOf` is asked for the first time when the sink is made. */
export function missedOnly(laneOf: (value: SegmentEvent) => string): InsertedTransform {
  return {
    type: "missed-only",
    after: "segment-event",
    transform: {
      apply(value, origin) {
        if (!(value instanceof SegmentEvent && origin instanceof LetterRecord)) return value;
        const { destination } = origin;
        return destination === undefined || laneOf(value) === destination ? value : otherDestination;
      },
    },
  };
}

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
