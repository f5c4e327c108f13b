// Environments and their export as a whole: all flags, and click, page view and custom events. LaunchDarkly keeps
// this per environment too, but has no API for it; so these routes have a shape of their own.

import type { FastifyInstance } from "fastify";
import Type from "typebox";

import { checkInput } from "../destinations/check-input.ts";
import {
  environmentChange,
  environmentPath,
  type EnvironmentName,
} from "../destinations/enablement-keeper.ts";
import { ANY_PROJECT } from "../destinations/stored-destination.ts";
import { notFound } from "./api-error.ts";
import type { ConsoleWorld } from "./console-world.ts";
import { errorAnswers } from "./schemas.ts";

const environmentRep = Type.Object({
  project: Type.String({ description: "`*`: any project." }),
  environment: Type.String(),
  allFlags: Type.Boolean(),
  events: Type.Boolean(),
  flagCount: Type.Integer({ description: "Flags that are switched on one by one." }),
  declared: Type.Boolean({ description: "It stands in git or comes from LaunchDarkly." }),
  pipeline: Type.Optional(Type.String({ description: "Whose enablement it is, when it is declared." })),
});
const listRep = Type.Object({ items: Type.Array(environmentRep) });
const ONE = "/api/sluice/enablement/:project/:environment";

export function enablementRoutes(app: FastifyInstance, world: ConsoleWorld): void {
  const tags = ["Enablement"];
  app.get(
    "/api/sluice/enablement",
    {
      schema: {
        tags,
        summary: "What is exported, per environment",
        response: { 200: listRep, ...errorAnswers },
      },
    },
    async () => ({
      items: [...declared(world), ...world.enablement.list().map((one) => ({ ...one, declared: false }))],
    }),
  );
  app.patch<{ Params: EnvironmentName }>(
    ONE,
    {
      schema: {
        tags,
        summary: "Switch the export of an environment",
        params: environmentPath,
        body: environmentChange,
        response: { 200: environmentRep, ...errorAnswers },
      },
    },
    async ({ params, body }) => {
      const change = checkInput<{ allFlags?: boolean; events?: boolean }>(
        environmentChange,
        body,
        "the change",
      );
      const { project, environment } = params;
      const changed = await world.enablement.change({ project, environment }, change);
      world.log.info({ ...params, ...change, by: "api" }, "environment export switched");
      return { ...changed, declared: false };
    },
  );
  app.delete<{ Params: EnvironmentName }>(
    ONE,
    {
      schema: {
        tags,
        summary: "Export nothing of an environment by the store any more",
        params: environmentPath,
        response: { 204: Type.Null(), ...errorAnswers },
      },
    },
    async ({ params: { project, environment } }, reply) => {
      if (!(await world.enablement.remove({ project, environment }))) throw notFound("The environment");
      world.log.info({ project, environment, by: "api" }, "environment taken off the list");
      return reply.code(204).send();
    },
  );
}

function declared(world: ConsoleWorld): object[] {
  return world.pipelines().flatMap(({ name, enablement }) =>
    enablement.list().map(({ project = ANY_PROJECT, environment, exported }) => ({
      project,
      environment,
      allFlags: exported.allFlags,
      events: exported.events,
      flagCount: exported.flags.size,
      declared: true,
      pipeline: name,
    })),
  );
}
