// A process at one moment: the bodies of the live part of the REST API. History and events are beside this file.

import Type, { type Static } from "typebox";

const at = (description: string) => Type.String({ description: `${description} ISO 8601 with ms, UTC.` });
const perSecond = (description: string) =>
  Type.Number({ description: `${description} Over the last second.` });

const ratesRep = Type.Object({
  events: Type.Union([Type.Number(), Type.Null()]),
  requests: Type.Union([Type.Number(), Type.Null()]),
  bytes: Type.Union([Type.Number(), Type.Null()]),
});

export const stageRep = Type.Object({
  name: Type.String({
    description: "Unique in the pipeline: its type, with -2, -3 … when the type stands in it more than once.",
  }),
  type: Type.String(),
  role: Type.String({ description: "source, transform or sink." }),
  shape: Type.String({
    description: "What leaves it (a sink: what enters it): bytes, export-event, segment-event or any.",
  }),
});

export const arrowRep = Type.Object(
  {
    from: Type.String({ description: "Name of the stage that the values leave." }),
    to: Type.Array(Type.String(), { description: "Names of the stages they enter: one, or all sinks." }),
    shape: Type.String(),
    count: Type.Integer({ description: "Values since the newest definition began." }),
    perSecond: perSecond("Values a second."),
  },
  {
    description:
      "Between two stages. In order: the first leaves the source, the last enters the sinks. None for a backfill, whose stages may run as one.",
  },
);

export const laneRep = Type.Object(
  {
    name: Type.String({ description: "The destination's id, or the sink's own name for its lane." }),
    sink: Type.String({ description: "Name of the sink that it belongs to." }),
    title: Type.String({ description: "The destination's name; else as `name`." }),
    state: Type.String({ description: "open, throttled, broken (circuit open) or parked." }),
    waiting: Type.Integer({ description: "Events that wait to be sent." }),
    writes: Type.Integer({ description: "Writes under way." }),
    writesAllowed: Type.Integer(),
    delivered: Type.Integer({ description: "Events accepted with 2xx." }),
    perSecond: perSecond("Events delivered a second."),
    bytesPerSecond: perSecond("Encoded bytes delivered a second."),
    retried: Type.Integer({ description: "Events sent again." }),
    retriedByCode: Type.Record(Type.String(), Type.Integer()),
    limit: Type.Unsafe<Static<typeof ratesRep>>({
      ...ratesRep,
      description: "Allowed a second; null: no limit.",
    }),
    used: Type.Unsafe<Static<typeof ratesRep>>({
      ...ratesRep,
      description: "Sent in the last second; null: no limit, so nothing is noted.",
    }),
    limiterUse: Type.Number({ description: "The most used of the limits, 0 to 1." }),
    limiterWaitSeconds: Type.Number({ description: "Time that work waited for the limit, since the start." }),
    limiterWaitShare: Type.Number({
      description: "Part of the last second in which work waited for the limit, 0 to 1.",
    }),
  },
  { description: "One destination's queue, limiter and health." },
);

const dropRep = Type.Object({
  stage: Type.String(),
  reason: Type.String(),
  count: Type.Integer(),
  perSecond: perSecond("Values a second."),
});

const deadRep = Type.Object({
  stage: Type.String(),
  code: Type.String(),
  count: Type.Integer(),
  perSecond: perSecond("Values a second."),
});

const reloadRep = Type.Object(
  {
    at: at("When its outcome was known."),
    outcome: Type.String({
      description: "applied; invalid or failed: nothing changed, the definition before it runs on.",
    }),
    version: Type.Optional(Type.String({ description: "Of the definition that was applied." })),
    problems: Type.Array(Type.String(), {
      description: "`file:line:col code message` each, at most 100; none when it was applied.",
    }),
  },
  { description: "The last time that the pipeline's files were found changed." },
);

export const livePipelineRep = Type.Object(
  {
    name: Type.String(),
    file: Type.String(),
    description: Type.Optional(Type.String()),
    state: Type.String({ description: "running, draining, stopped or failed: of the newest definition." }),
    version: Type.String({ description: "Config version: changes when events would become something else." }),
    definitions: Type.Integer({
      description: "2 while a reload lets the old definition drain; then counts and lanes are of both.",
    }),
    startedAt: at("When the newest definition began."),
    lastReload: Type.Optional(reloadRep),
    stages: Type.Array(stageRep),
    arrows: Type.Array(arrowRep),
    received: Type.Integer({ description: "Records taken in, since the process began." }),
    receivedPerSecond: perSecond("Records a second."),
    values: Type.Integer({ description: "Values that entered the first transform." }),
    valuesPerSecond: perSecond("Values a second."),
    delivered: Type.Integer({ description: "Events accepted with 2xx, once for each destination." }),
    deliveredPerSecond: perSecond("Events a second."),
    dropped: Type.Array(dropRep),
    droppedPerSecond: perSecond("Values a second."),
    deadLetters: Type.Array(deadRep),
    deadLettersPerSecond: perSecond("Values a second."),
    givenBack: Type.Integer({ description: "Records given back undelivered." }),
    testEvents: Type.Integer({ description: "Test events of LaunchDarkly that came by." }),
    inFlight: Type.Object({
      records: Type.Integer(),
      bytes: Type.Integer(),
      maxRecords: Type.Integer(),
      maxBytes: Type.Integer(),
    }),
    oldest: Type.Union(
      [
        Type.Object({
          id: Type.String({ description: "Message id, or file:offset." }),
          publishedAt: Type.Optional(at("When it was published, if the source knows.")),
          attempt: Type.Integer(),
        }),
        Type.Null(),
      ],
      { description: "The record that has been in hand longest; null: none is." },
    ),
    lagMs: Type.Union([Type.Number(), Type.Null()], {
      description:
        "Now minus publish time of the oldest record in hand; 0: none is in hand; null: the source knows no times.",
    }),
    deliveryMs: Type.Union([Type.Number(), Type.Null()], {
      description: "Publish time to 2xx of the last delivered event; null: not known.",
    }),
    lanes: Type.Array(laneRep),
  },
  {
    description:
      "One pipeline at this moment. Counts are sums since the process began unless they say otherwise.",
  },
);

export const processRep = Type.Object({
  pid: Type.Integer(),
  command: Type.String({ description: "run, demo, backfill, or worker and its number." }),
  version: Type.String(),
  startedAt: at("When the process began."),
  folder: Type.String({ description: "Its working directory." }),
  rssBytes: Type.Integer(),
  watchers: Type.Object({
    streams: Type.Integer({ description: "Open streams of snapshots." }),
    taps: Type.Integer({ description: "Open taps." }),
  }),
});

export const snapshotRep = Type.Object(
  { at: at("When it was taken."), process: processRep, pipelines: Type.Array(livePipelineRep) },
  { description: "The whole process at one moment." },
);

export type StageShape = Static<typeof stageRep>;
export type ReloadState = Static<typeof reloadRep>;
export type LaneSnapshot = Static<typeof laneRep>;
export type ArrowSnapshot = Static<typeof arrowRep>;
export type PipelineSnapshot = Static<typeof livePipelineRep>;
export type ProcessSnapshot = Static<typeof processRep>;
export type Snapshot = Static<typeof snapshotRep>;
