// Environments and their export as a whole: all flags, and click, page view and custom events. LaunchDarkly keeps
// this per environment too, but has no API for it; so these routes have a shape of their own.

import type { FastifyInstance } from "fastify";
import Type from "typebox";

import { checkInput } from "../destinations/check-input.ts";
import {
  environmentChange,
  environmentPath,
  type EnvironmentName,
  type StoredEnvironment,
} from "../destinations/enablement-keeper.ts";
import { ANY_PROJECT } from "../destinations/stored-destination.ts";
import { notFound } from "./api-error.ts";
import type { ConsoleWorld } from "./console-world.ts";
import { enablementRep, environmentRep, type EnvironmentView } from "./enablement-view.ts";
import { errorAnswers } from "./schemas.ts";

const ONE = "/api/sluice/enablement/:project/:environment";

export function enablementRoutes(app: FastifyInstance, world: ConsoleWorld): void {
  const tags = ["Enablement"];
  app.get(
    "/api/sluice/enablement",
    {
      schema: {
        tags,
        summary: "What is exported, per environment",
        response: { 200: enablementRep, ...errorAnswers },
      },
    },
    async () => ({
      items: [...declared(world), ...world.enablement.list().map(stored)],
      launchdarkly: world
        .pipelines()
        .flatMap(({ name, polled }) => (polled ? [{ pipeline: name, ...polled() }] : [])),
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
      return stored(changed);
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

function stored(one: StoredEnvironment): EnvironmentView {
  const { project, environment, allFlags, events, flagCount } = one;
  return { project, environment, allFlags, events, flagCount, declared: false, source: "store" };
}

function declared(world: ConsoleWorld): EnvironmentView[] {
  return world.pipelines().flatMap(({ name, enablement, polled }) => {
    const { ageMs } = polled?.() ?? {};
    return enablement.list().map(({ project = ANY_PROJECT, environment, exported }) => ({
      project,
      environment,
      allFlags: exported.allFlags,
      events: exported.events,
      flagCount: exported.flags.size,
      declared: true,
      pipeline: name,
      source: polled ? ("launchdarkly" as const) : ("git" as const),
      ...(ageMs === undefined ? {} : { ageMs }),
    }));
  });
}
