// The dead letters of the running pipelines: to look at, by group and one by one, and to send again.

import type { FastifyInstance } from "fastify";
import Type, { type Static } from "typebox";

import { checkInput } from "../destinations/check-input.ts";
import { RunError } from "../engine/errors.ts";
import { ApiError, notFound } from "./api-error.ts";
import type { ConsolePipeline, ConsoleWorld } from "./console-world.ts";
import type { LetterGroup, RedriveView } from "./letter-box.ts";
import {
  groupsRep,
  type GroupsView,
  type GroupView,
  letterRep,
  redriveBody,
  type RedriveAnswer,
  redriveRep,
  type RedriveRequest,
  redrivesRep,
  wholeLetterRep,
} from "./letter-view.ts";
import { errorAnswers } from "./schemas.ts";

const letterQuery = Type.Object({
  pipeline: Type.Optional(Type.String({ maxLength: 63 })),
  code: Type.Optional(Type.String({ maxLength: 100 })),
  stage: Type.Optional(Type.String({ maxLength: 100 })),
  destination: Type.Optional(Type.String({ maxLength: 64 })),
  limit: Type.Integer({ default: 50, minimum: 1, maximum: 500 }),
});
const placeQuery = Type.Object({
  pipeline: Type.String({ maxLength: 63 }),
  place: Type.String({ maxLength: 4_096, description: "file:line, as the list has it." }),
});
const BASE = "/api/sluice/dead-letters";
const tags = ["Dead letters"];

export function letterRoutes(app: FastifyInstance, world: ConsoleWorld): void {
  lists(app, world);
  redrives(app, world);
}

function lists(app: FastifyInstance, world: ConsoleWorld): void {
  app.get<{ Querystring: Static<typeof letterQuery> }>(
    BASE,
    {
      schema: {
        tags,
        summary: "The newest dead letters that wait to be redriven, oldest first",
        querystring: letterQuery,
        response: { 200: Type.Object({ items: Type.Array(letterRep) }), ...errorAnswers },
      },
    },
    async ({ query: { pipeline, ...query } }) => {
      const asked = pipeline === undefined ? world.pipelines() : [named(world, pipeline)];
      const lists = await Promise.all(asked.map(({ letterBox }) => letterBox.newest(query)));
      const items = lists.flat().map(({ place, letter }) => ({ place, ...letter }));
      return { items: items.sort((a, b) => (a.failedAt < b.failedAt ? -1 : 1)).slice(-query.limit) };
    },
  );
  app.get(
    `${BASE}/groups`,
    {
      schema: {
        tags,
        summary: "Counts by code, stage and destination",
        response: { 200: groupsRep, ...errorAnswers },
      },
    },
    async () => groups(world.pipelines()),
  );
  app.get<{ Querystring: Static<typeof placeQuery> }>(
    `${BASE}/letter`,
    {
      schema: {
        tags,
        summary: "One dead letter in full, its body decoded",
        querystring: placeQuery,
        response: { 200: wholeLetterRep, ...errorAnswers },
      },
    },
    async ({ query: { pipeline, place } }) => {
      const found = await named(world, pipeline).letterBox.one(place);
      if (!found) throw notFound("The dead letter");
      const { letter, state, body } = found;
      return { ...letter, place, state, body };
    },
  );
}

function redrives(app: FastifyInstance, world: ConsoleWorld): void {
  app.post(
    `${BASE}/redrive`,
    {
      schema: {
        tags,
        summary: "Send letters through the pipeline again, to the destinations that missed the event",
        description:
          "One at a time for each pipeline, one event a request, within the destination's rate. Ask for its progress with GET.",
        body: redriveBody,
        response: { 202: redriveRep, ...errorAnswers },
      },
    },
    async ({ body }, reply) => {
      const { pipeline, ...choice } = checkInput<RedriveRequest>(redriveBody, body ?? {}, "the redrive");
      const { letterBox } = named(world, pipeline);
      const begun = await letterBox.redrive(choice).catch((error: unknown) => {
        const isTaken =
          error instanceof RunError && (error.code === "redrive-running" || error.code === "state-locked");
        throw isTaken ? new ApiError(409, error.code, error.message) : error;
      });
      world.log.info({ pipeline, ...choice, by: "api" }, "redrive begun");
      return reply.code(202).send(answer(pipeline, begun));
    },
  );
  app.get(
    `${BASE}/redrive`,
    {
      schema: {
        tags,
        summary: "The last redrive of each pipeline since this process started",
        response: { 200: redrivesRep, ...errorAnswers },
      },
    },
    async () => ({
      items: world.pipelines().flatMap(({ name, letterBox }) => {
        const last = letterBox.lastRedrive();
        return last ? [answer(name, last)] : [];
      }),
    }),
  );
}

async function groups(pipelines: readonly ConsolePipeline[]): Promise<GroupsView> {
  const elsewhere: { pipeline: string; message: string }[] = [];
  const found = await Promise.all(
    pipelines.map(async ({ name, letterBox }) => {
      const { groups, isPart } = await letterBox.groups().catch((error: unknown) => {
        if (!(error instanceof RunError && error.code === "dead-letters-elsewhere")) throw error;
        elsewhere.push({ pipeline: name, message: error.message });
        return { groups: [], isPart: false };
      });
      return { isPart, items: groups.map((one) => inPipeline(name, one)) };
    }),
  );
  const items = found.flatMap((one) => one.items).sort((a, b) => b.open - a.open || b.letters - a.letters);
  return { items, isPart: found.some(({ isPart }) => isPart), elsewhere };
}

function inPipeline(pipeline: string, { destination, ...group }: LetterGroup): GroupView {
  return { pipeline, ...group, ...(destination === undefined ? {} : { destination }) };
}

function named(world: ConsoleWorld, name: string): ConsolePipeline {
  const found = world.pipelines().find((one) => one.name === name);
  if (!found) throw notFound("The pipeline");
  return found;
}

function answer(pipeline: string, { choice, ...view }: RedriveView): RedriveAnswer {
  return { pipeline, dryRun: choice.dryRun, ...view, left: { ...view.left } };
}
