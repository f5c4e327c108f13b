// Something that a page shows, asked for once, or again whenever the live stream says that it changed.
//
//   loading --> shown --(asked again, failed)--> shown, and stale since then --(works)--> shown
//      `------> failed --(again, by itself after a while)--> loading

import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { type ApiFailure, toFailure } from "./api.ts";
import { token } from "./session.ts";

export interface Loaded<T> {
  readonly data: T | undefined;
  readonly failure: ApiFailure | undefined;
  /** Unix milliseconds of `data`. */
  readonly atMs: number | undefined;
  readonly reload: () => void;
}

interface State<T> {
  readonly data?: T;
  readonly failure?: ApiFailure | undefined;
  readonly atMs?: number;
}

/** Between two loads for changes: what changes all the time is not asked for all the time. */
const REST_MS = 1_000;
const AGAIN_AFTER_FAILURE_MS = 2_000;

/**
 * `key` names what is loaded: another one starts anew. Another `version` loads it again, without a break; undefined:
 * it is loaded once.
 */
export function useLoad<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  version?: string,
): Loaded<T> {
  const [state, setState] = useState<State<T>>({});
  const [round, setRound] = useState(0);
  const latest = useRef({ load, version });
  latest.current = { load, version };
  const nudge = useRef(() => {});
  const reload = useCallback(() => setRound((n) => n + 1), []);
  const secret = token.value;
  useEffect(() => setState({}), [key]);
  // Another key, token or round is another load.
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isBusy = false;
    let loaded: string | undefined;
    const once = async () => {
      if (document.hidden && latest.current.version !== undefined) return;
      isBusy = true;
      loaded = latest.current.version;
      let restMs = REST_MS;
      let isAgain = false;
      try {
        const data = await latest.current.load(stop.signal);
        if (stop.signal.aborted) return;
        setState({ data, atMs: Date.now() });
      } catch (error) {
        if (stop.signal.aborted) return;
        setState((before) => ({ ...before, failure: toFailure(error) }));
        isAgain = latest.current.version !== undefined;
        restMs = AGAIN_AFTER_FAILURE_MS;
      }
      // What comes up meanwhile waits for the end of the rest.
      timer = setTimeout(() => {
        isBusy = false;
        if (isAgain || loaded !== latest.current.version) void once();
      }, restMs);
    };
    nudge.current = () => {
      if (!isBusy && loaded !== latest.current.version) void once();
    };
    void once();
    return () => {
      stop.abort();
      clearTimeout(timer);
      nudge.current = () => {};
    };
  }, [key, round, secret]);
  useEffect(() => nudge.current(), [version]);
  const { data, failure, atMs } = state;
  return { data, failure, atMs, reload };
}
