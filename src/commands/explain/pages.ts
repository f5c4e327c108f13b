// Everything that `sluice explain` knows: one page for each meaning that a code has.

import type { CodeMeaning } from "../../config/codes.ts";
import { problemCodes } from "../../config/codes.ts";
import { faultCodes } from "../../config/fault-codes.ts";
import type { Registry } from "../../config/registry.ts";
import { runCodes } from "../../config/run-codes.ts";
import { stageProblemCodes } from "../../config/stage-problem-codes.ts";
import type { StageDefinition } from "../../engine/contracts.ts";
import type { FaultKind } from "../../engine/errors.ts";
import { outcomeOf } from "../../sinks/segment/outcome.ts";

export interface Page {
  readonly code: string;
  /** Where the code appears: `problem of a definition`, `dead letter of transform avro-decode`. */
  readonly where: string;
  readonly what: string;
  /** What Sluice does about it, and so why a person may want to. */
  readonly why: string;
  readonly fix: string;
}

export function allPages(registry: Registry): Page[] {
  const stages = [...registry.sources, ...registry.transforms, ...registry.sinks];
  return [
    ...pagesOf({ ...problemCodes, ...stageProblemCodes }, "problem of a definition", () => notStarted),
    ...stages.flatMap(stagePages),
    ...enginePages,
    ...pagesOf(runCodes, "end of a run", () => runEnds),
    ...pagesOf(faultCodes, "fault of a sink", (meaning) => consequence[meaning.kind]),
  ];
}

/** The pages of a code; `http-503`, `pubsub-not-found` and `file-eacces` belong to families. Empty: unknown. */
export function pagesFor(code: string, registry: Registry): Page[] {
  const status = /^http-(\d{3})$/.exec(code);
  if (status) return [httpPage(code, Number(status[1]))];
  const all = allPages(registry);
  const exact = all.filter((page) => page.code === code);
  if (exact.length > 0) return exact;
  return all.filter((page) => page.code.endsWith("*") && code.startsWith(page.code.slice(0, -1)));
}

const notStarted = "Nothing is started with a definition that has a problem (exit code 2).";
const runEnds = "The run ends with exit code 1. What was in flight was not acked and comes again.";
const deadLettered =
  "Such data can never be delivered, so the record is kept in the dead letters with this code, then acked. Nothing else waits for it.";
const dropped = "The value goes no further. It is acked and counted in dropped_total by stage and reason.";
const redrive =
  "`sluice dead-letters list --code CODE` shows them; when the cause is mended, `sluice dead-letters redrive --code CODE` sends them.";

const consequence: Readonly<Record<FaultKind, string>> = {
  rejected: "The events go to the dead letters; a batch is split until the bad ones stand alone.",
  throttled: "The destination's lane pauses as long as it was asked to; nothing is lost.",
  unavailable: "The events are held and sent again with growing pauses; the source waits, nothing is lost.",
  misconfigured:
    "A person has to mend something: the destination's lane is parked and probed every minute, its events are held, nothing is lost.",
};

function pagesOf<M extends CodeMeaning>(
  table: Readonly<Record<string, M>>,
  where: string,
  why: (meaning: M) => string,
): Page[] {
  return Object.entries(table).map(([code, meaning]) => ({
    code,
    where,
    what: meaning.meaning,
    why: why(meaning),
    fix: meaning.fix,
  }));
}

function stagePages(stage: StageDefinition): Page[] {
  const { role, type, rejects = {} } = stage;
  const drops = stage.role === "transform" ? (stage.drops ?? {}) : {};
  const name = `${role} ${type}`;
  return [
    ...Object.entries(rejects).map(([code, what]) => deadLetterPage(code, name, what)),
    ...Object.entries(drops).map(([code, what]) => ({
      code,
      where: `drop of ${name}`,
      what,
      why: dropped,
      fix: "Nothing, if that was meant; else change the stage's keys, or what it looks at (enablement, destinations).",
    })),
  ];
}

function deadLetterPage(code: string, name: string, what: string): Page {
  return {
    code,
    where: `dead letter of ${name}`,
    what,
    why: deadLettered,
    fix: redrive.replaceAll("CODE", code),
  };
}

/** Codes that the engine gives itself, for any stage. */
const enginePages: readonly Page[] = [
  deadLetterPage(
    "bug",
    "any stage",
    "A stage failed in a way that it should not: a mistake in Sluice, not in the data. The log has the stack.",
  ),
  deadLetterPage("too-large", "any sink", "The event is larger than the sink's destination takes."),
  deadLetterPage(
    "crash-loop",
    "any stage",
    "The process died twice while it worked on this value, so it is not touched again. Its raw body may be hostile: look at it with care.",
  ),
  deadLetterPage(
    "avro-wrong-count",
    "source file",
    "A block of an Avro container file announces another number of data than it holds.",
  ),
  {
    code: "duplicate",
    where: "drop of a backfill",
    what: "The same event was read before in this backfill.",
    why: dropped,
    fix: "Nothing: Segment would keep one of them anyway.",
  },
  {
    code: "other-destination",
    where: "drop of a redrive",
    what: "The event is redriven to the destinations that missed it, and this is none of them.",
    why: dropped,
    fix: "Nothing.",
  },
  {
    code: "unrouted",
    where: "drop between transforms and sinks",
    what: "No sink of the pipeline takes the event: the `when` of each is false for it.",
    why: dropped,
    fix: "Nothing, if that was meant; else add a sink without `when`, or widen one.",
  },
  {
    code: "nothing-made",
    where: "drop of any transform",
    what: "A transform made no value at all of this one.",
    why: dropped,
    fix: "Nothing, if that was meant.",
  },
];

function httpPage(code: string, status: number): Page {
  const answer = { status, headers: {}, excerpt: "" };
  const outcome = outcomeOf(answer as Parameters<typeof outcomeOf>[0], 0);
  if (!outcome)
    return {
      code,
      where: "answer of Segment",
      what: "Delivered.",
      why: "The events are acked.",
      fix: "Nothing.",
    };
  const fix = `${outcome.advice.charAt(0).toUpperCase()}${outcome.advice.slice(1)}.`;
  return {
    code,
    where: "fault of a sink",
    what: `Segment, or something in front of it, answered with HTTP status ${status}.`,
    why: consequence[outcome.kind],
    fix,
  };
}
