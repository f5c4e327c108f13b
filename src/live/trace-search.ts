// Puts together what the trace index, the records in hand and the dead letters know of one id.

import type { LivePipeline } from "./live-pipeline.ts";
import type { Trace, TraceLetter, TracePath, TraceStep } from "./shapes/trace.ts";
import { MAX_ID_CHARACTERS, traceKind } from "./trace-index.ts";
import type { Entry, TraceLog } from "./trace-log.ts";
import { traceNote } from "./trace-note.ts";

const MOST_PATHS = 20;

export interface LettersFound {
  readonly letters: readonly TraceLetter[];
  readonly searched: "all" | "newest" | "none";
}

export interface TraceSources {
  /** Undefined: nothing is traced. */
  readonly log: TraceLog | undefined;
  readonly startedAtMs: number;
  /** By their number in the log. */
  readonly pipelines: readonly LivePipeline[];
  readonly letters: (id: string) => Promise<LettersFound>;
}

export async function trace(id: string, sources: TraceSources): Promise<Trace> {
  const { log, pipelines, startedAtMs } = sources;
  for (const pipeline of pipelines) pipeline.trace?.flush();
  const records = log ? await recordsOf(id, log) : new Map<string, Place>();
  // What is in hand for longer than the index reaches back.
  for (const [number, pipeline] of pipelines.entries())
    if (pipeline.whereIs(id)) records.set(`${number} ${id}`, { pipeline: number, id });
  const newest = [...records.values()].slice(-MOST_PATHS).reverse();
  const paths = log ? await pathsOf(newest, log, pipelines) : newest.map((place) => inHand(place, pipelines));
  const { letters, searched } = await sources.letters(id);
  const facts = {
    id,
    found: paths.length > 0 || letters.length > 0,
    index: {
      enabled: log !== undefined,
      since: log?.agedOut && log.sinceMs !== undefined ? iso(log.sinceMs) : iso(startedAtMs),
      startedAt: iso(startedAtMs),
      agedOut: log?.agedOut ?? false,
      events: log?.entries ?? 0,
      bytes: log?.bytes ?? 0,
      maxBytes: log?.maxBytes ?? 0,
      maxAgeSeconds: (log?.maxAgeMs ?? 0) / 1000,
    },
    paths,
    deadLetters: [...letters],
    deadLettersSearched: searched,
  };
  return { ...facts, note: traceNote(facts) };
}

interface Place {
  readonly pipeline: number;
  readonly id: string;
}

/** The records that one of their ids names, in the order of what was last heard of them. */
async function recordsOf(id: string, log: TraceLog): Promise<Map<string, Place>> {
  const wanted = id.slice(0, MAX_ID_CHARACTERS);
  const found = new Map<string, Place>();
  for await (const { pipeline, lines } of log.having([wanted], letOthersWork)) {
    for (const fields of lines) {
      const [record] = fields;
      if (record === undefined || !fields.includes(wanted)) continue;
      const key = `${pipeline} ${record}`;
      found.delete(key);
      found.set(key, { pipeline, id: record });
    }
  }
  return found;
}

async function pathsOf(
  places: readonly Place[],
  log: TraceLog,
  pipelines: readonly LivePipeline[],
): Promise<TracePath[]> {
  const found = new Map(places.map(({ pipeline, id }) => [`${pipeline} ${id}`, newPath()]));
  const ids = [...new Set(places.map(({ id }) => id))];
  for await (const entry of log.having(ids, letOthersWork)) {
    for (const fields of entry.lines) {
      const path = found.get(`${entry.pipeline} ${fields[0]}`);
      if (!path) continue;
      path.steps.push(stepOf(entry, fields));
      if (entry.kind === traceKind.received && fields[1]) path.eventId = fields[1];
    }
  }
  return places.map((place) => {
    const { steps, eventId } = found.get(`${place.pipeline} ${place.id}`)!;
    // Drops are gathered before they are written.
    steps.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
    const { state, now } = stateOf(steps, pipelines[place.pipeline]?.whereIs(place.id));
    return {
      pipeline: pipelines[place.pipeline]?.name ?? "",
      id: place.id,
      ...(eventId === undefined ? {} : { eventId }),
      state,
      steps: now ? [...steps, now] : steps,
    };
  });
}

const newPath = (): { steps: TraceStep[]; eventId: string | undefined } => ({
  steps: [],
  eventId: undefined,
});

function inHand({ pipeline, id }: Place, pipelines: readonly LivePipeline[]): TracePath {
  const { state, now } = stateOf([], pipelines[pipeline]?.whereIs(id));
  return { pipeline: pipelines[pipeline]?.name ?? "", id, state, steps: now ? [now] : [] };
}

type Lanes = readonly { readonly name: string; readonly state: string }[];

function stateOf(
  steps: readonly TraceStep[],
  lanes: Lanes | undefined,
): { readonly state: string; readonly now?: TraceStep } {
  if (lanes) {
    const waits = lanes.map(({ name, state }) => ({ name, state }));
    return {
      state: "in-flight",
      now: { at: new Date().toISOString(), what: "in-flight", lanes: waits },
    };
  }
  const ends = steps.filter(({ what }) => what !== "received" && what !== "rejected");
  const last = ends.at(-1);
  if (!last) return { state: "unknown" };
  return { state: last.what === "given-back" ? "given-back" : "settled" };
}

function stepOf({ kind, atMs, head }: Entry, fields: readonly string[]): TraceStep {
  const at = iso(atMs);
  switch (kind) {
    case traceKind.received:
      return { at, what: "received", attempt: Number(fields[2] ?? 1) };
    case traceKind.delivered:
      return { at, what: "delivered", ...deliveredOf(head, fields[1]) };
    case traceKind.dropped: {
      const [stage = "", reason = "", detail = ""] = head;
      return { at, what: "dropped", stage, reason, ...(detail === "" ? {} : { message: detail }) };
    }
    case traceKind.gaveBack:
      return { at, what: "given-back" };
    default: {
      const [stage = "", code = "", message = "", destination = ""] = head;
      const what = kind === traceKind.rejected ? "rejected" : "dead-lettered";
      return { at, what, stage, code, message, ...(destination === "" ? {} : { destination }) };
    }
  }
}

function deliveredOf(head: readonly string[], messageId: string | undefined): Partial<TraceStep> {
  const [destination = "", write, attempt, status = "", requestId = "", tookMs] = head;
  return {
    destination,
    write: Number(write),
    attempt: Number(attempt),
    tookMs: Number(tookMs),
    ...(status === "" ? {} : { status: Number(status) }),
    ...(requestId === "" ? {} : { requestId }),
    ...(messageId ? { messageId } : {}),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

const letOthersWork = () => new Promise<void>((resolve) => setImmediate(resolve));
