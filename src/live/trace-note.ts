import type { Trace } from "./shapes/trace.ts";

/** What was found, or why nothing was, in a sentence or two. */
export function traceNote({
  id,
  found,
  paths,
  deadLetters,
  index,
  deadLettersSearched,
}: Omit<Trace, "note">): string {
  if (paths.length > 0) {
    const [first] = paths;
    const more =
      paths.length > 1 ? ` Of ${paths.length} records that this id names, this is the last one.` : "";
    return `${endOf(first!)}${more}`;
  }
  const where = reach(index);
  if (found) {
    const n = deadLetters.length === 1 ? "a dead letter" : `${deadLetters.length} dead letters`;
    return `${where}, and nothing of it is there; but ${n} on the disk ${deadLetters.length === 1 ? "is" : "are"} of it.`;
  }
  const dead =
    {
      all: "nor in the dead letters",
      newest: "nor in the newest 64 MB of the dead letters",
      none: "and the dead letters are not kept in files, so they were not searched",
    }[deadLettersSearched] ?? "";
  return `${id.slice(0, 60)} is not in hand, not in the index, ${dead}. ${where}: ${missing(index)}`;
}

function endOf({ state, steps, pipeline }: Trace["paths"][number]): string {
  const last = steps.at(-1);
  if (state === "in-flight") {
    const lanes = last?.lanes?.map((lane) => `${lane.name} (${lane.state})`).join(", ");
    return lanes
      ? `In flight in ${pipeline}: it waits for ${lanes}.`
      : `In flight in ${pipeline}: it is being sent, or held before a stage.`;
  }
  if (state === "given-back") return `Given back by ${pipeline}, undelivered: it comes again.`;
  if (state === "unknown")
    return `Received by ${pipeline}; it is not in hand any more, and its end has aged out of the index.`;
  const delivered = steps.filter(({ what }) => what === "delivered");
  const received = steps.filter(({ what }) => what === "received").length;
  const again = received > 1 ? ` It was received ${received} times.` : "";
  if (delivered.length > 0)
    return `Delivered to ${[...new Set(delivered.map(({ destination }) => destination))].join(", ")}.${again}`;
  if (last?.what === "dropped") return `Dropped by ${last.stage}: ${last.reason}.${again}`;
  return `Dead-lettered by ${last?.stage}: ${last?.code}.${again}`;
}

function reach({ enabled, since, agedOut }: Trace["index"]): string {
  if (!enabled) return "This process keeps no index";
  return agedOut
    ? `The index reaches back to ${since}; what is older has aged out`
    : `The index holds everything since the process began, ${since}`;
}

function missing({ enabled, agedOut }: Trace["index"]): string {
  if (!enabled) return "run shows it, backfill does not.";
  return agedOut ? "it came before that, or never." : "it did not come to this process while it ran.";
}
