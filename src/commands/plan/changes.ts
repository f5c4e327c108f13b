// Two checked definitions -> what changes in meaning, the worst first. What only moves (comments, order of keys, the
// file's name) is no change.

import type { LoadedPipeline } from "../../config/load.ts";
import type { LoadedSink } from "../../config/sinks.ts";
import { type Change, severities } from "./change.ts";
import { destinationChanges, enablementChanges } from "./destination-changes.ts";
import { transformChanges } from "./transform-changes.ts";
import { keyChanges } from "./values.ts";

export function changesOf(from: LoadedPipeline, to: LoadedPipeline): Change[] {
  const found = [
    ...nameChanges(from, to),
    ...sourceChanges(from, to),
    ...transformChanges(from.transforms, to.transforms),
    ...sinkChanges(from, to),
    ...deadLetterChanges(from, to),
    ...destinationChanges(from, to),
    ...enablementChanges(from, to),
    ...runChanges(from, to),
    ...checkpointChanges(from, to),
  ];
  return found.sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
}

function nameChanges({ name: from }: LoadedPipeline, { name: to }: LoadedPipeline): Change[] {
  if (from === to) return [];
  const so =
    "metrics, logs and dead letters carry the new name; backfills begin anew, and the dead letters of the old one are redriven by its old file";
  return [{ severity: "reprocessing", where: "the pipeline", what: `name: ${from} becomes ${to}`, so }];
}

function sourceChanges({ source: from }: LoadedPipeline, { source: to }: LoadedPipeline): Change[] {
  const where = `source ${to.definition.type}`;
  if (from.definition.type !== to.definition.type) {
    const so = "what the old source had not handed over yet is not read";
    return [{ severity: "reprocessing", where, what: `takes the place of ${from.definition.type}`, so }];
  }
  return keyChanges(from.config, to.config).map(({ key, from: was, to: is }) => {
    const what = `${key}: ${was} becomes ${is}`;
    if (key === "subscription")
      return {
        ...{ severity: "reprocessing", where, what },
        so: "what waits in the old subscription is not read; the new one has what was published since it was made, so what the old one was read beyond comes again",
      };
    if (/^(paths|state|configVersion|force|format)/.test(key))
      return { severity: "reprocessing", where, what, so: "other files are read, or from another place on" };
    return { severity: "delivery", where, what, so: "how records are taken in" };
  });
}

function sinkChanges({ sinks: before }: LoadedPipeline, { sinks: after }: LoadedPipeline): Change[] {
  // One sink in place of another is a change of that one, whatever they are called.
  if (before.length === 1 && after.length === 1) return oneSinkChanges(before[0]!, after[0]!);
  const gone = before.filter(({ name }) => !after.some((sink) => sink.name === name));
  return [
    ...gone.map(({ name }): Change => {
      const so = "it gets no events any more, and its dead letters can no longer be redriven: do that first";
      return { severity: "loss", where: `sink ${name}`, what: "is gone", so };
    }),
    ...after.flatMap((sink): Change[] => {
      const was = before.find(({ name }) => name === sink.name);
      if (was) return oneSinkChanges(was, sink);
      return [
        { severity: "delivery", where: `sink ${sink.name}`, what: "is new", so: "events go there as well" },
      ];
    }),
  ];
}

function oneSinkChanges(from: LoadedSink, to: LoadedSink): Change[] {
  const where = `sink ${to.name}`;
  if (from.definition.type !== to.definition.type)
    return [
      {
        severity: "loss",
        where,
        what: `takes the place of ${from.definition.type}`,
        so: "events go elsewhere",
      },
    ];
  const when = ({ when }: LoadedSink) => ({ when: when?.text ?? "always" });
  return keyChanges(
    { ...when(from), ...(from.config as object) },
    { ...when(to), ...(to.config as object) },
  ).map(({ key, from: was, to: is }) => {
    const what = `${key}: ${was} becomes ${is}`;
    if (key === "when") return { severity: "loss", where, what, so: "it takes other events" };
    if (key === "maxEventBytes")
      return { severity: "loss", where, what, so: "larger events become dead letters" };
    if (/^(path|topic|mode)$/.test(key)) return { severity: "loss", where, what, so: "events go elsewhere" };
    return { severity: "delivery", where, what, so: "how events are sent" };
  });
}

function deadLetterChanges(
  { deadLetters: from }: LoadedPipeline,
  { deadLetters: to }: LoadedPipeline,
): Change[] {
  const where = "dead letters";
  const moved: Change[] =
    from.definition.type === to.definition.type
      ? []
      : [
          {
            severity: "delivery",
            where,
            what: `${from.definition.type} becomes ${to.definition.type}`,
            so: "the old ones stay where they are: redrive them first",
          },
        ];
  const keys = [
    ...(moved.length > 0 ? [] : keyChanges(from.config, to.config)),
    ...keyChanges({ window: from.window }, { window: to.window }),
  ];
  return [
    ...moved,
    ...keys.map(({ key, from: was, to: is }): Change => {
      const so = key.startsWith("window")
        ? "when the pipeline stops by itself"
        : "the old ones stay where they are: redrive them first, or name their place with --from";
      return { severity: "delivery", where, what: `${key}: ${was} becomes ${is}`, so };
    }),
  ];
}

function runChanges(from: LoadedPipeline, to: LoadedPipeline): Change[] {
  const part = ({ inFlight, drainMs }: LoadedPipeline) => ({ inFlight, drainMs });
  return keyChanges(part(from), part(to)).map(({ key, from: was, to: is }) => ({
    ...{
      severity: "delivery",
      where: "the pipeline",
      what: `${key}: ${was} becomes ${is}`,
      so: "memory, or the time a stop takes",
    },
  }));
}

/** The same rule by which a backfill refuses to go on. */
function checkpointChanges(from: LoadedPipeline, to: LoadedPipeline): Change[] {
  if (from.hash === to.hash || from.name !== to.name) return [];
  const so =
    "a backfill that was begun with the old definition is refused (config-changed); with --force it goes on, and what it has sent keeps the old form";
  return [{ severity: "reprocessing", where: "checkpoints", what: "belong to another definition", so }];
}
