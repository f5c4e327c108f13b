// What the Dead letters page asks of the server.

import { call } from "../api.ts";
import type { GroupsView, GroupView, LetterView, RedriveAnswer, WholeLetterView } from "../api-types.ts";

const BASE = "/api/sluice/dead-letters";
export const LETTERS_SHOWN = 50;

export interface Overview {
  readonly groups: GroupsView;
  readonly redrives: readonly RedriveAnswer[];
}

export async function loadOverview(signal: AbortSignal): Promise<Overview> {
  const [groups, redrives] = await Promise.all([
    call<GroupsView>("GET", `${BASE}/groups`, { signal }),
    call<{ items: RedriveAnswer[] }>("GET", `${BASE}/redrive`, { signal }),
  ]);
  return { groups, redrives: redrives.items };
}

/** The newest that wait, newest first. */
export async function loadLetters(group: GroupView, signal: AbortSignal): Promise<LetterView[]> {
  const query = new URLSearchParams({ ...choiceOf(group), limit: String(LETTERS_SHOWN) });
  const { items } = await call<{ items: LetterView[] }>("GET", `${BASE}?${query}`, { signal });
  // A group without a destination also finds letters that have one.
  return items.filter(({ destination }) => destination === group.destination).reverse();
}

export function loadLetter({ pipeline, place }: LetterView, signal: AbortSignal): Promise<WholeLetterView> {
  return call("GET", `${BASE}/letter?${new URLSearchParams({ pipeline, place })}`, { signal });
}

/** A group, or one record of it. */
export interface Choice {
  readonly pipeline: string;
  readonly code: string;
  readonly stage: string;
  readonly destination?: string;
  readonly id?: string;
}

export function beginRedrive(choice: Choice, dryRun: boolean): Promise<RedriveAnswer> {
  return call("POST", `${BASE}/redrive`, { body: { ...choice, dryRun } });
}

export async function loadRedrive(pipeline: string, signal: AbortSignal): Promise<RedriveAnswer | undefined> {
  const { items } = await call<{ items: RedriveAnswer[] }>("GET", `${BASE}/redrive`, { signal });
  return items.find((one) => one.pipeline === pipeline);
}

export function choiceOf({ pipeline, code, stage, destination }: GroupView): Choice & Record<string, string> {
  return { pipeline, code, stage, ...(destination === undefined ? {} : { destination }) };
}

export function keyOf({ pipeline, code, stage, destination = "" }: GroupView): string {
  return JSON.stringify([pipeline, code, stage, destination]);
}
