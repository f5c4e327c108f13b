// Which flags are exported, in the shape of LaunchDarkly's flags API: `environments.<key>.trackEvents`. Known are the
// flags that are switched on somewhere and those that events were seen of. What stands in git or comes from
// LaunchDarkly is on and cannot be switched off here.

import type { FastifyInstance } from "fastify";
import Type, { type Static } from "typebox";

import { checkInput, invalid } from "../destinations/check-input.ts";
import { forbidden, invalidRequest, notFound } from "./api-error.ts";
import type { ConsoleWorld } from "./console-world.ts";
import { flagRep, flagsRep, flagView } from "./flag-view.ts";
import { knownFlags } from "./known-flags.ts";
import { type JsonPatch, jsonPatch } from "./json-patch.ts";
import { errorAnswers } from "./schemas.ts";

const KEY = Type.String({ minLength: 1, maxLength: 256 });
const MAX_LIMIT = 1_000;

const listQuery = Type.Object({
  env: Type.Optional(Type.String({ maxLength: 256, description: "Only this environment." })),
  limit: Type.Integer({ default: 20, minimum: 1, maximum: MAX_LIMIT }),
  offset: Type.Integer({ default: 0, minimum: 0, maximum: 10_000_000 }),
  filter: Type.Optional(Type.String({ maxLength: 300, description: "query:<part of the key>" })),
});

const semanticPatch = Type.Object(
  {
    comment: Type.Optional(Type.String({ maxLength: 10_000 })),
    environmentKey: KEY,
    instructions: Type.Array(
      Type.Object(
        { kind: Type.Literal("updateTrackEvents"), trackEvents: Type.Boolean() },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 10 },
    ),
  },
  { additionalProperties: false },
);

interface FlagAddress {
  readonly projectKey: string;
  readonly featureFlagKey: string;
}

export function flagRoutes(app: FastifyInstance, world: ConsoleWorld): void {
  const tags = ["Flags"];
  app.get<{ Params: { projectKey: string }; Querystring: Static<typeof listQuery> }>(
    "/api/v2/flags/:projectKey",
    {
      schema: {
        tags,
        summary: "List known flags and where they are exported",
        params: Type.Object({ projectKey: KEY }),
        querystring: listQuery,
        response: { 200: flagsRep, ...errorAnswers },
      },
    },
    async ({ params: { projectKey }, query: { env, limit, offset, filter } }) => {
      const part = filter?.replace(/^query:/, "").toLowerCase() ?? "";
      const flags = [...knownFlags(world, projectKey, env)].filter(([key]) =>
        key.toLowerCase().includes(part),
      );
      const self = { href: `/api/v2/flags/${encodeURIComponent(projectKey)}`, type: "application/json" };
      const items = flags
        .slice(offset, offset + limit)
        .map(([key, places]) => flagView(projectKey, key, places));
      return { _links: { self }, totalCount: flags.length, items };
    },
  );
  const params = Type.Object({ projectKey: KEY, featureFlagKey: KEY });
  const one = "/api/v2/flags/:projectKey/:featureFlagKey";
  app.get<{ Params: FlagAddress }>(
    one,
    { schema: { tags, summary: "Get a flag", params, response: { 200: flagRep, ...errorAnswers } } },
    async ({ params: { projectKey, featureFlagKey } }) => {
      const places = knownFlags(world, projectKey, undefined).get(featureFlagKey);
      if (!places) throw notFound("The flag");
      return flagView(projectKey, featureFlagKey, places);
    },
  );
  app.patch<{ Params: FlagAddress }>(
    one,
    {
      schema: {
        tags,
        summary: "Switch a flag's export: JSON Patch of /environments/<key>/trackEvents, or a semantic patch",
        params,
        body: Type.Union([jsonPatch, semanticPatch]),
        response: { 200: flagRep, ...errorAnswers },
      },
    },
    async ({ params: { projectKey, featureFlagKey }, body }) => {
      for (const { environment, on } of switchesOf(body)) {
        const place = knownFlags(world, projectKey, environment).get(featureFlagKey)?.get(environment);
        if (!on && place?.declared)
          throw forbidden("This flag is switched on in git or at LaunchDarkly; switch it off there.");
        const names = { project: projectKey, environment };
        await world.enablement.change(
          names,
          on ? { flagsOn: [featureFlagKey] } : { flagsOff: [featureFlagKey] },
        );
        world.log.info({ ...names, flag: featureFlagKey, on, by: "api" }, "flag export switched");
      }
      const places = knownFlags(world, projectKey, undefined).get(featureFlagKey);
      return flagView(projectKey, featureFlagKey, places ?? new Map());
    },
  );
}

interface Switch {
  readonly environment: string;
  readonly on: boolean;
}

function switchesOf(body: unknown): Switch[] {
  const patch = typeof body === "object" && body !== null && "patch" in body ? body.patch : body;
  if (Array.isArray(patch)) return checkInput<JsonPatch>(jsonPatch, patch, "the patch").map(switchOf);
  if (typeof body !== "object" || body === null)
    throw invalidRequest("The body must be a JSON Patch or a semantic patch.");
  const { environmentKey, instructions } = checkInput<Static<typeof semanticPatch>>(
    semanticPatch,
    body,
    "the patch",
  );
  return instructions.map(({ trackEvents }) => ({ environment: environmentKey, on: trackEvents }));
}

function switchOf({ op, path, value }: JsonPatch[number], index: number): Switch {
  const environment = /^\/environments\/([^/]+)\/trackEvents$/.exec(path)?.[1];
  if (environment === undefined || (op !== "replace" && op !== "add"))
    throw invalid(`/${index}/path`, "wrong-path", "only /environments/<key>/trackEvents can be replaced");
  if (typeof value !== "boolean")
    throw invalid(`/${index}/value`, "wrong-type", "trackEvents must be true or false");
  return { environment, on: value };
}
