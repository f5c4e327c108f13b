// Live data by server-sent events, over `fetch`: EventSource cannot send the access token.
//
//   connecting --(answer)--> live --(it ends, or says nothing for a while)--> lost --(two seconds)--> connecting
//
// A tab that nobody looks at reads nothing.

import { createParser } from "eventsource-parser";
import { useEffect, useRef, useState } from "preact/hooks";

import { type ApiFailure, request, toFailure } from "./api.ts";
import { token } from "./session.ts";

export type LiveState = "connecting" | "live" | "lost";

export interface LiveStream {
  readonly state: LiveState;
  readonly failure: ApiFailure | undefined;
}

const AGAIN_AFTER_MS = 2_000;
const SILENT_AFTER_MS = 5_000;

/** `heard` gets the name and the parsed data of each event. */
export function useLiveStream(path: string, heard: (event: string, data: unknown) => void): LiveStream {
  const [stream, setStream] = useState<LiveStream>({ state: "connecting", failure: undefined });
  const latest = useRef(heard);
  latest.current = heard;
  const secret = token.value;
  // Another token is another stream.
  useEffect(() => {
    const stop = new AbortController();
    const parts = {
      path,
      stop: stop.signal,
      heard: (event: string, data: unknown) => latest.current(event, data),
    };
    void follow(parts, setStream);
    return () => stop.abort();
  }, [path, secret]);
  return stream;
}

interface Follow {
  readonly path: string;
  readonly stop: AbortSignal;
  readonly heard: (event: string, data: unknown) => void;
}

async function follow({ path, stop, heard }: Follow, tell: (stream: LiveStream) => void): Promise<void> {
  while (!stop.aborted) {
    await visible(stop);
    const round = new AbortController();
    const end = () => round.abort();
    stop.addEventListener("abort", end, { once: true });
    const hidden = () => document.hidden && end();
    document.addEventListener("visibilitychange", hidden);
    try {
      await read(path, round, (event, data) => {
        tell({ state: "live", failure: undefined });
        heard(event, data);
      });
      if (!stop.aborted) tell({ state: "lost", failure: undefined });
    } catch (error) {
      if (!stop.aborted)
        tell({ state: "lost", failure: round.signal.aborted ? undefined : toFailure(error) });
    } finally {
      stop.removeEventListener("abort", end);
      document.removeEventListener("visibilitychange", hidden);
    }
    await wait(AGAIN_AFTER_MS, stop);
  }
}

async function read(path: string, round: AbortController, heard: Follow["heard"]): Promise<void> {
  let silence = setTimeout(() => round.abort(), SILENT_AFTER_MS);
  try {
    const response = await request("GET", path, {
      signal: round.signal,
      headers: { accept: "text/event-stream" },
    });
    const parser = createParser({
      onEvent: ({ event, data }) => heard(event ?? "message", JSON.parse(data)),
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

function wait(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      stop.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    stop.addEventListener("abort", end);
  });
}
