// Live data by server-sent events, over `fetch`: EventSource cannot send the access token. One connection for all pages
// of the tab; what it brings stands in signals.
//
//   connecting --(answer)--> live --(it ends, or says nothing for a while)--> lost --(some seconds)--> connecting
//        ^                    |                                                                          |
//        `--(looked at again, gone on)-- closed <--(nobody looks at the tab, or the view is paused)------'

import { signal } from "@preact/signals";
import { createParser } from "eventsource-parser";
import { useEffect, useRef } from "preact/hooks";

import { type ApiFailure, request, toFailure } from "./api.ts";
import type { Changes, RecentEvent, SeenFlagsView, Snapshot } from "./api-types.ts";
import { token } from "./session.ts";

export type LiveState = "connecting" | "live" | "lost";

export const liveState = signal<LiveState>("connecting");
export const liveFailure = signal<ApiFailure | undefined>(undefined);
export const snapshot = signal<Snapshot | undefined>(undefined);
/** While it is true nothing is read: the view stands still, the pipelines do not. */
export const isPaused = signal(false);

const changes = signal<Changes | undefined>(undefined);
/**
 * Rises with each connection, and with each that is lost or does not come about: what may have been missed is asked for
 * again, and where nothing answers, that is how the page finds out.
 */
const connections = signal(0);
const recentListeners = new Set<(items: readonly RecentEvent[]) => void>();
const flagListeners = new Set<(items: SeenFlagsView["items"]) => void>();

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
const SILENT_AFTER_MS = 5_000;

/** Another text when a list of that kind should be asked for again. */
export function versionOf(topic: keyof Changes): string {
  return `${connections.value} ${changes.value?.[topic] ?? ""}`;
}

/** Another text every so often, by the clock of the process; none while no snapshots come. */
export function ticks(everyMs: number): string {
  return String(Math.floor(Date.parse(snapshot.value?.at ?? "") / everyMs));
}

/** `heard` gets new events, newest first. */
export function useRecentEvents(heard: (items: readonly RecentEvent[]) => void): void {
  useListener(recentListeners, heard);
}

/** `heard` gets the counts of flags that were seen since. */
export function useSeenFlags(heard: (items: SeenFlagsView["items"]) => void): void {
  useListener(flagListeners, heard);
}

function useListener<T>(listeners: Set<(items: T) => void>, heard: (items: T) => void): void {
  const latest = useRef(heard);
  latest.current = heard;
  useEffect(() => {
    const listener = (items: T) => latest.current(items);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, [listeners]);
}

/** To be used once, by what holds all pages. Another token is another connection. */
export function useLiveConnection(): void {
  const secret = token.value;
  const paused = isPaused.value;
  useEffect(() => {
    if (paused) return undefined;
    const stop = new AbortController();
    void follow(stop.signal);
    return () => stop.abort();
  }, [secret, paused]);
}

async function follow(stop: AbortSignal): Promise<void> {
  let waitMs = FIRST_WAIT_MS;
  while (!stop.aborted) {
    await visible(stop);
    if (stop.aborted) return;
    const round = new AbortController();
    const unwatch = watch(round, stop);
    let isFirst = true;
    let failure: ApiFailure | undefined;
    try {
      await read(round, (event, data) => {
        if (isFirst) began();
        isFirst = false;
        waitMs = FIRST_WAIT_MS;
        heard(event, data);
      });
    } catch (error) {
      if (!round.signal.aborted) failure = toFailure(error);
    } finally {
      unwatch();
    }
    if (stop.aborted || document.hidden) continue;
    lost(failure);
    await wait(waitMs, stop);
    waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
  }
}

function began(): void {
  liveState.value = "live";
  liveFailure.value = undefined;
  connections.value += 1;
}

function lost(failure: ApiFailure | undefined): void {
  connections.value += 1;
  liveState.value = "lost";
  liveFailure.value = failure;
}

/** The server sends by the schemas that these types were made from. */
function heard(event: string, data: unknown): void {
  if (event === "snapshot") snapshot.value = data as Snapshot;
  if (event === "changes") changes.value = data as Changes;
  if (event === "recent")
    for (const listener of recentListeners) listener((data as { items: readonly RecentEvent[] }).items);
  if (event === "flags") for (const listener of flagListeners) listener((data as SeenFlagsView).items);
}

/** Ends the round when it is of no use any more: stopped, hidden, or the network is another one. */
function watch(round: AbortController, stop: AbortSignal): () => void {
  const watching = new AbortController();
  const { signal } = watching;
  const end = () => round.abort();
  stop.addEventListener("abort", end, { signal });
  window.addEventListener("offline", end, { signal });
  document.addEventListener("visibilitychange", () => document.hidden && end(), { signal });
  return () => watching.abort();
}

async function read(round: AbortController, told: (event: string, data: unknown) => void): Promise<void> {
  let silence = setTimeout(() => round.abort(), SILENT_AFTER_MS);
  try {
    const response = await request("GET", "/api/v2/stream", {
      signal: round.signal,
      headers: { accept: "text/event-stream" },
    });
    const parser = createParser({
      onEvent: ({ event, data }) => told(event ?? "message", JSON.parse(data)),
    });
    const text = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await text?.read(); part && !part.done; part = await text?.read()) {
      clearTimeout(silence);
      silence = setTimeout(() => round.abort(), SILENT_AFTER_MS);
      parser.feed(part.value);
    }
  } finally {
    clearTimeout(silence);
  }
}

function visible(stop: AbortSignal): Promise<void> {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      if (document.hidden && !stop.aborted) return;
      document.removeEventListener("visibilitychange", end);
      stop.removeEventListener("abort", end);
      resolve();
    };
    document.addEventListener("visibilitychange", end);
    stop.addEventListener("abort", end);
  });
}

/** Shorter when the network comes back. */
function wait(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      stop.removeEventListener("abort", end);
      window.removeEventListener("online", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    stop.addEventListener("abort", end);
    window.addEventListener("online", end);
  });
}
