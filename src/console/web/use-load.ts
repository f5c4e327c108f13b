// Something that a page shows, asked for once or again and again while the page is looked at.
//
//   loading --> shown --(asked again, failed)--> shown, and stale since then --(works)--> shown
//      `------> failed --(again)--> loading

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

/** `key` names what is loaded: another one starts anew. `everyMs` 0: once. */
export function useLoad<T>(key: string, load: (signal: AbortSignal) => Promise<T>, everyMs = 0): Loaded<T> {
  const [state, setState] = useState<State<T>>({});
  const [round, setRound] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  const reload = useCallback(() => setRound((n) => n + 1), []);
  const secret = token.value;
  useEffect(() => setState({}), [key]);
  // Another key, token or round is another load.
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const once = async () => {
      if (!document.hidden) {
        try {
          const data = await latest.current(stop.signal);
          if (stop.signal.aborted) return;
          setState({ data, atMs: Date.now() });
        } catch (error) {
          if (stop.signal.aborted) return;
          setState((before) => ({ ...before, failure: toFailure(error) }));
        }
      }
      if (everyMs > 0) timer = setTimeout(once, everyMs);
    };
    void once();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [key, everyMs, round, secret]);
  const { data, failure, atMs } = state;
  return { data, failure, atMs, reload };
}
