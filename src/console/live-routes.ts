// What the process tells about itself while it runs: snapshots, the last events, traces and taps.

import type { FastifyInstance, FastifyReply } from "fastify";
import Type, { type Static } from "typebox";

import { historyRep } from "../live/shapes/history.ts";
import type { Where } from "../live/tap.ts";
import { recentRep } from "../live/shapes/recent.ts";
import { livePipelineRep, processRep, type Snapshot, snapshotRep } from "../live/shapes/snapshot.ts";
import { tapStateRep, tapValueRep } from "../live/shapes/tap.ts";
import { traceRep } from "../live/shapes/trace.ts";
import type { LiveProcess } from "../live/live-process.ts";
import type { LettersFound } from "../live/trace-search.ts";
import { ApiError, notFound } from "./api-error.ts";
import type { Send } from "./changes.ts";
import { EventStream } from "./event-stream.ts";
import { errorAnswers } from "./schemas.ts";

const MOST_STREAMS = 16;
const STATE_EVERY_MS = 1_000;
const NEW_EVENTS = 20;

export interface LiveRouteWorld {
  readonly live: LiveProcess;
  /** Dead letters on the disk that are about an id. */
  readonly lettersAbout: (id: string) => Promise<LettersFound>;
  /** For each reader of the stream: tells what changed beside the snapshot. Undefined: there are no settings here. */
  readonly changeTeller?: (() => (snapshot: Snapshot, send: Send) => void) | undefined;
}

const name = Type.String({ minLength: 1, maxLength: 63 });
const id = Type.String({ minLength: 1, maxLength: 300 });

const streamQuery = Type.Object({
  pipeline: Type.Optional(name),
  events: Type.Boolean({ default: true, description: "Whether events `recent` are sent." }),
});
const recentQuery = Type.Object({
  pipeline: Type.Optional(name),
  kind: Type.Optional(Type.String({ maxLength: 50, description: "feature, click, custom, pageview, …" })),
  outcome: Type.Optional(
    Type.Union([Type.Literal("delivered"), Type.Literal("dropped"), Type.Literal("dead-lettered")]),
  ),
  after: Type.Integer({ default: 0, minimum: 0, description: "Only events with a greater `seq`." }),
  limit: Type.Integer({ default: 50, minimum: 1, maximum: 600 }),
});
const historyQuery = Type.Object({
  minutes: Type.Integer({
    default: 5,
    minimum: 1,
    maximum: 60,
    description: "Up to 5: a point a second; more: a point for 10 seconds.",
  }),
});
const tapQuery = Type.Object({
  pipeline: name,
  stage: Type.Optional(
    Type.String({
      maxLength: 100,
      description: "Name of the stage that the values leave; absent: the last one before the sinks.",
    }),
  ),
  where: Type.Optional(
    Type.String({
      maxLength: 2_000,
      description:
        "CEL expression, as in the stage `filter`; only values for which it is true. It sees what is shown: masked values.",
    }),
  ),
  n: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: "Ends after so many values." })),
});

const tags = ["Live"];
const eventStream = (description: string, data: object) => ({
  description,
  content: { "text/event-stream": { schema: data } },
});

export function liveRoutes(app: FastifyInstance, world: LiveRouteWorld): void {
  pipelineViews(app, world);
  eventViews(app, world);
  stream(app, world);
  tap(app, world);
}

function pipelineViews(app: FastifyInstance, { live }: LiveRouteWorld): void {
  const list = Type.Object({ items: Type.Array(livePipelineRep) });
  app.get(
    "/api/v2/process",
    { schema: { tags, summary: "This process", response: { 200: processRep, ...errorAnswers } } },
    async () => live.snapshot().process,
  );
  app.get(
    "/api/v2/pipelines",
    {
      schema: {
        tags,
        summary: "The pipelines of this process at this moment, as of the last second",
        response: { 200: list, ...errorAnswers },
      },
    },
    async () => ({ items: live.snapshot().pipelines }),
  );
  app.get<{ Params: { name: string } }>(
    "/api/v2/pipelines/:name",
    {
      schema: {
        tags,
        summary: "One pipeline at this moment",
        params: Type.Object({ name }),
        response: { 200: livePipelineRep, ...errorAnswers },
      },
    },
    async ({ params }) => {
      const view = live.pipeline(params.name)?.view();
      if (!view) throw notFound("The pipeline");
      return view;
    },
  );
  app.get<{ Params: { name: string }; Querystring: Static<typeof historyQuery> }>(
    "/api/v2/pipelines/:name/history",
    {
      schema: {
        tags,
        summary: "The last hour of a pipeline, for charts",
        params: Type.Object({ name }),
        querystring: historyQuery,
        response: { 200: historyRep, ...errorAnswers },
      },
    },
    async ({ params, query }) => {
      const pipeline = live.pipeline(params.name);
      if (!pipeline) throw notFound("The pipeline");
      return pipeline.history.view(query.minutes);
    },
  );
}

function eventViews(app: FastifyInstance, { live, lettersAbout }: LiveRouteWorld): void {
  app.get<{ Querystring: Static<typeof recentQuery> }>(
    "/api/v2/events/recent",
    {
      schema: {
        tags,
        summary: "A sample of the last events and what became of them, newest first",
        querystring: recentQuery,
        response: { 200: recentRep, ...errorAnswers },
      },
    },
    async ({ query }) => ({ items: live.recent.list(query), seen: live.seen(query.pipeline) }),
  );
  app.get<{ Params: { id: string } }>(
    "/api/v2/trace/:id",
    {
      schema: {
        tags,
        summary: "Where an event went and when",
        description:
          "`id`: of the record (Pub/Sub message id, file:offset#index), the export event's `event.id`, or the Segment event's messageId; percent-encoded. Answers 200 also when nothing is known: `found` is false then, and `note` says why.",
        params: Type.Object({ id }),
        response: { 200: traceRep, ...errorAnswers },
      },
    },
    async ({ params }) => live.trace(params.id, lettersAbout),
  );
}

function stream(app: FastifyInstance, { live, changeTeller }: LiveRouteWorld): void {
  let open = 0;
  app.get<{ Querystring: Static<typeof streamQuery> }>(
    "/api/v2/stream",
    {
      schema: {
        tags,
        summary: "Snapshots once a second, and new events, as server-sent events",
        description:
          "Event `snapshot`: the whole process. Event `recent`: { items } as in /api/v2/events/recent, those since the last one, newest first, at most 20. With settings, event `changes`, when it differs: { destinations, enablement, flags, deadLetters }, each another text when those lists should be asked for again; and event `flags`: { items } with counts of the flags seen since the last one, at most 200. A reader that is too slow gets fewer of them; `process.watchers` says how many read.",
        querystring: streamQuery,
        response: { 200: eventStream("Data of event `snapshot`.", snapshotRep), ...errorAnswers },
      },
    },
    (request, reply) => {
      const { pipeline, events } = request.query;
      if (open >= MOST_STREAMS)
        throw new ApiError(503, "too-many-streams", `${MOST_STREAMS} streams are open.`);
      open += 1;
      let seq = live.recent.newest;
      const tellChanges = changeTeller?.();
      const tell = () => {
        const snapshot = live.snapshot();
        const pipelines = snapshot.pipelines.filter((one) => pipeline === undefined || one.name === pipeline);
        out.send("snapshot", JSON.stringify({ ...snapshot, pipelines }));
        tellChanges?.(snapshot, (event, json) => out.send(event, json));
        if (!events) return;
        const items = live.recent.list({ pipeline, after: seq, limit: NEW_EVENTS });
        if (items.length > 0 && out.send("recent", JSON.stringify({ items }))) seq = live.recent.newest;
      };
      const unfollow = live.follow(tell);
      const out = new EventStream(() => {
        open -= 1;
        unfollow();
      });
      tell();
      return sendStream(reply, out);
    },
  );
}

function tap(app: FastifyInstance, { live }: LiveRouteWorld): void {
  app.get<{ Querystring: Static<typeof tapQuery> }>(
    "/api/v2/tap",
    {
      schema: {
        tags,
        summary: "Values between two stages, as they come by, as server-sent events",
        description:
          "Event `value`: one value, masked. Event `state`, once a second, and event `end`, the last one: counts. It is a sample (at most 500 values a second are looked at, 50 sent), and a reader that is too slow loses values: `dropped` counts them. The pipeline never waits for it.",
        querystring: tapQuery,
        response: {
          200: eventStream("Data of the events.", Type.Union([tapValueRep, tapStateRep])),
          ...errorAnswers,
        },
      },
    },
    async ({ query }, reply) => {
      const where = await whereOf(query.where);
      // The stream is there first: values may come as soon as the tap is open.
      const close = () => {
        clearInterval(timer);
        if (opened) live.untap(opened);
      };
      const out = new EventStream(close);
      const opened = open(live, { ...query, where }, out);
      const timer = setInterval(() => out.send("state", JSON.stringify(opened.state())), STATE_EVERY_MS);
      out.send("state", JSON.stringify(opened.state()));
      return sendStream(reply, out);
    },
  );
}

async function whereOf(text: string | undefined): Promise<Where | undefined> {
  if (text === undefined) return undefined;
  const { predicateOf } = await import("../live/where.ts");
  return { text, compile: predicateOf };
}

type Asked = Omit<Static<typeof tapQuery>, "where"> & { readonly where: Where | undefined };

function open(live: LiveProcess, asked: Asked, out: EventStream) {
  const opened = live.tap(asked, {
    deliver: (json) => out.send("value", json),
    ended: () => out.end("end", JSON.stringify(opened.state())),
  });
  return opened;
}

function sendStream(reply: FastifyReply, out: EventStream): FastifyReply {
  return reply
    .header("content-type", "text/event-stream; charset=utf-8")
    .header("x-accel-buffering", "no")
    .send(out.readable);
}
