// What a reader of the live stream learns beside snapshots: which lists it should ask for again, and how often flags
// were seen. Each reader has its own memory of what it was told, so that a slow one is told later, not wrongly.

import Type, { type Static } from "typebox";

import type { Snapshot } from "../live/shapes/snapshot.ts";
import type { ConsoleWorld } from "./console-world.ts";

const differs = (what: string) => Type.String({ description: `Another text when ${what} may be others.` });

export const changesRep = Type.Object({
  destinations: differs("destinations"),
  enablement: differs("environments, or the age of what LaunchDarkly said,"),
  flags: differs("flags"),
  deadLetters: differs("dead letters, or the progress of a redrive,"),
});

export const seenFlagsRep = Type.Object({
  items: Type.Array(
    Type.Object({
      environment: Type.String(),
      flag: Type.String(),
      delivered: Type.Integer({ description: "Events delivered since the start." }),
      dropped: Type.Integer({ description: "Events dropped since the start because the flag was off." }),
    }),
  ),
});

export type Changes = Static<typeof changesRep>;
export type SeenFlagsView = Static<typeof seenFlagsRep>;
/** False: there was no room. */
export type Send = (event: string, json: string) => boolean;

/** Flags in one event; those that did not fit come in the next. */
const MOST_FLAGS = 200;
/** How finely the age of what LaunchDarkly said is told. */
const AGE_STEP_MS = 5_000;

/** For one reader; what it returns is to be called after each snapshot. */
export function changeTeller(world: ConsoleWorld): (snapshot: Snapshot, send: Send) => void {
  const { seenFlags } = world;
  let told = "";
  let seq = seenFlags.newest;
  return (snapshot, send) => {
    const changes = JSON.stringify(changesOf(world, snapshot));
    if (changes !== told && send("changes", changes)) told = changes;
    const fresh = seenFlags.since(seq, MOST_FLAGS);
    const last = fresh.at(-1);
    if (!last) return;
    const items = fresh.map(({ seq: _, ...flag }) => flag);
    if (send("flags", JSON.stringify({ items }))) seq = last.seq;
  };
}

function changesOf(world: ConsoleWorld, { pipelines }: Snapshot): Changes {
  const running = pipelines.map(({ name, version, startedAt }) => `${name} ${version} ${startedAt}`).join();
  const stored = `${world.destinations.generation} ${running}`;
  const polled = world.pipelines().map(({ polled }) => {
    const now = polled?.();
    return now ? `${now.failures} ${Math.floor((now.ageMs ?? -1) / AGE_STEP_MS)}` : "";
  });
  const enablement = `${stored} ${polled.join()}`;
  const dead = pipelines.flatMap(({ deadLetters }) => deadLetters.map(({ count }) => count));
  const redrives = world.pipelines().map(({ letterBox }) => {
    const last = letterBox.lastRedrive();
    const own = last ? `${last.startedAt} ${last.state} ${last.read} ${last.redriven}` : "";
    return `${own} ${letterBox.marksVersion()}`;
  });
  return {
    destinations: stored,
    enablement,
    flags: `${enablement} ${world.seenFlags.size}`,
    deadLetters: `${running} ${dead.join()} ${redrives.join()}`,
  };
}
