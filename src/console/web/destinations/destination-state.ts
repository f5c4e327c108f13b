// One word for how a destination is doing, and what it means.

import type { DestinationRow } from "./destination-api.ts";
import type { Tone } from "../parts/badge.tsx";

export interface StateWord {
  readonly tone: Tone;
  readonly word: string;
  readonly meaning: string;
}

const LANES: Readonly<Record<string, StateWord>> = {
  open: { tone: "ok", word: "Delivering", meaning: "Events are sent and accepted." },
  throttled: {
    tone: "warn",
    word: "Slowed down",
    meaning: "Segment asked to wait (429). Its events are held and go on by themselves.",
  },
  broken: {
    tone: "bad",
    word: "Unavailable",
    meaning: "Segment does not answer, or answers with errors. Events are held and tried again.",
  },
  parked: {
    tone: "bad",
    word: "Parked",
    meaning:
      "Segment refuses the write key or the address. Events are held until that is mended: test it, or edit it.",
  },
};
const OFF: StateWord = { tone: "quiet", word: "Off", meaning: "No events are sent to it." };
const IDLE: StateWord = { tone: "info", word: "Waiting", meaning: "On, but no event came for it yet." };

export function stateOf({ destination, status }: DestinationRow): StateWord {
  if (!destination.on) return OFF;
  return LANES[status?.state ?? "idle"] ?? IDLE;
}

/** `12 http-503, 3 timeout`: events sent again since the start; empty when none was. */
export function retriesText(retried: Readonly<Record<string, number>>): string {
  return Object.entries(retried)
    .filter(([, n]) => n > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([code, n]) => `${n} ${code}`)
    .join(", ");
}
