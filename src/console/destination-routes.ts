// The shape of LaunchDarkly's /api/v2/destinations, so that its own clients work; and beyond it a test event and the
// state of a destination.

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";

import { checkInput } from "../destinations/check-input.ts";
import { Conflict, type DestinationDocument } from "../destinations/destination-keeper.ts";
import { ANY_PROJECT, destinationInput, type StoredDestination } from "../destinations/stored-destination.ts";
import type { Destination } from "../engine/contracts.ts";
import { ApiError, forbidden, invalidRequest, notFound } from "./api-error.ts";
import type { ConsolePipeline, ConsoleWorld } from "./console-world.ts";
import { destinationStatus, statusListRep, statusRep } from "./destination-status.ts";
import { declaredView, destinationRep, destinationsRep, hrefOf, storedView } from "./destination-view.ts";
import { applyJsonPatch, applyMergePatch, jsonPatch } from "./json-patch.ts";
import { errorAnswers } from "./schemas.ts";
import { type TestKind, testKinds } from "./test-sender.ts";

const KEY = Type.String({ minLength: 1, maxLength: 256 });
const place = Type.Object({ projectKey: KEY, environmentKey: KEY });
const address = Type.Object({ projectKey: KEY, environmentKey: KEY, id: KEY });
const ONE = "/api/v2/destinations/:projectKey/:environmentKey/:id";

interface Address {
  readonly projectKey: string;
  readonly environmentKey: string;
  readonly id: string;
}

/** LaunchDarkly's `DestinationPost`: project and environment stand in the path. */
const destinationBody = Type.Omit(destinationInput, ["project", "environment"]);

const testBody = Type.Object(
  {
    kinds: Type.Array(Type.Union(testKinds.map((kind) => Type.Literal(kind))), {
      default: [...testKinds],
      minItems: 1,
      maxItems: testKinds.length,
      uniqueItems: true,
      description: "Which example events to send.",
    }),
  },
  { additionalProperties: false },
);

export function destinationRoutes(app: FastifyInstance, world: ConsoleWorld): void {
  const tags = ["Destinations"];
  app.get(
    "/api/v2/destinations",
    { schema: { tags, summary: "List destinations", response: { 200: destinationsRep, ...errorAnswers } } },
    async () => {
      const self = { href: "/api/v2/destinations", type: "application/json" };
      const declared = declaredOnes(world).map((one) => declaredView(one, usersOf(world, one.id)));
      const stored = world.destinations.list().map((one) => storedView(one, usersOf(world, one.id)));
      return { _links: { self }, items: [...declared, ...stored] };
    },
  );
  app.get<{ Params: Address }>(
    ONE,
    {
      schema: {
        tags,
        summary: "Get a destination",
        params: address,
        response: { 200: destinationRep, ...errorAnswers },
      },
    },
    async ({ params }, reply) => {
      const found = find(world, params);
      reply.header("etag", `"${found.version}"`);
      return "settings" in found
        ? storedView(found, usersOf(world, found.id))
        : declaredView(found, usersOf(world, found.id));
    },
  );
  app.post<{ Params: Omit<Address, "id"> }>(
    "/api/v2/destinations/:projectKey/:environmentKey",
    {
      schema: {
        tags,
        summary: "Create a destination",
        params: place,
        body: destinationBody,
        response: { 201: destinationRep, ...errorAnswers },
      },
    },
    async ({ params, body }, reply) => {
      const created = await world.destinations.create(posted(body, params));
      noteChange(world, "created", created);
      reply.code(201).header("location", hrefOf(created)).header("etag", `"${created.version}"`);
      return storedView(created, usersOf(world, created.id));
    },
  );
  app.patch<{ Params: Address }>(
    ONE,
    {
      schema: {
        tags,
        summary: "Change a destination: JSON Patch or merge patch",
        params: address,
        body: Type.Union([jsonPatch, Type.Partial(destinationBody)]),
        response: { 200: destinationRep, ...errorAnswers },
      },
    },
    async (request, reply) => patch(world, request, reply),
  );
  app.delete<{ Params: Address; Querystring: { force: boolean; version?: number } }>(
    ONE,
    {
      schema: {
        tags,
        summary: "Delete a destination",
        params: address,
        querystring: Type.Object({
          force: Type.Boolean({ default: false, description: "Also when a running pipeline sends to it." }),
        }),
        response: { 204: Type.Null(), ...errorAnswers },
      },
    },
    async (request, reply) => remove(world, request, reply),
  );
  app.post<{ Params: Address }>(
    `${ONE}/test`,
    {
      schema: {
        tags,
        summary: "Send test events and say what became of them",
        params: address,
        body: testBody,
        response: errorAnswers,
      },
    },
    async ({ params, body }) => {
      const { id } = find(world, params);
      const { kinds } = checkInput<{ kinds: TestKind[] }>(testBody, body ?? {}, "the test");
      return world.testSender.send(runningOne(world, id), kinds);
    },
  );
  app.get<{ Params: Address }>(
    `${ONE}/status`,
    {
      schema: {
        tags,
        summary: "State and counters of a destination",
        params: address,
        response: { 200: statusRep, ...errorAnswers },
      },
    },
    async ({ params }) => destinationStatus(find(world, params).id, world.pipelines()),
  );
  app.get(
    "/api/sluice/destination-status",
    {
      schema: {
        tags,
        summary: "State and counters of every destination",
        response: { 200: statusListRep, ...errorAnswers },
      },
    },
    async () => {
      const pipelines = world.pipelines();
      const ids = [...declaredOnes(world), ...world.destinations.list()].map(({ id }) => id);
      return { items: ids.map((id) => ({ id, ...destinationStatus(id, pipelines) })) };
    },
  );
}

async function patch(
  world: ConsoleWorld,
  { params, body, headers }: FastifyRequest<{ Params: Address }>,
  reply: FastifyReply,
): Promise<object> {
  editable(world, params);
  const expected = expectedVersion(headers["if-match"]);
  const changed = await world.destinations.update(params.id, (document) => {
    if (expected !== undefined && expected !== document.version) throw stale(params.id, document.version);
    return withObjectConfig(patched(document, body));
  });
  noteChange(world, "changed", changed);
  reply.header("etag", `"${changed.version}"`);
  return storedView(changed, usersOf(world, changed.id));
}

function patched(document: DestinationDocument, body: unknown): unknown {
  if (Array.isArray(body)) return applyJsonPatch(document, body);
  if (typeof body !== "object" || body === null)
    throw invalidRequest("The body must be a JSON Patch (a list) or a merge patch (a map).");
  // LaunchDarkly's long form: { patch: [...], comment }.
  if ("patch" in body && Array.isArray(body.patch)) return applyJsonPatch(document, body.patch);
  return applyMergePatch(document, withObjectConfig(body));
}

async function remove(
  world: ConsoleWorld,
  { params, query, headers }: FastifyRequest<{ Params: Address; Querystring: { force: boolean } }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const found = editable(world, params);
  const users = found.on ? usersOf(world, found.id) : [];
  if (users.length > 0 && !query.force)
    throw new Conflict(
      "destination-in-use",
      `${users.join(", ")} ${users.length === 1 ? "sends" : "send"} to it: switch it off first, or add ?force=true; events held for it become dead letters then`,
    );
  const removed = await world.destinations.remove(params.id, expectedVersion(headers["if-match"]));
  noteChange(world, "deleted", removed);
  return reply.code(204).send();
}

/** LaunchDarkly's own examples write the configuration as a JSON text. */
function withObjectConfig(body: unknown): unknown {
  if (typeof body !== "object" || body === null || !("config" in body) || typeof body.config !== "string")
    return body;
  try {
    return { ...body, config: JSON.parse(body.config) as unknown };
  } catch {
    // What a JSON error quotes may be the key.
    throw invalidRequest("config is a text that is not JSON; give a map");
  }
}

function posted(body: unknown, { projectKey, environmentKey }: Omit<Address, "id">): unknown {
  const given = withObjectConfig(body);
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw invalidRequest("The body must be a map: { name, kind, config, on }.");
  return { ...given, project: projectKey, environment: environmentKey };
}

function find(
  world: ConsoleWorld,
  { projectKey, environmentKey, id }: Address,
): StoredDestination | Destination {
  const found = declaredOnes(world).find((one) => one.id === id) ?? world.destinations.get(id);
  if (!found || (found.project ?? ANY_PROJECT) !== projectKey || found.environment !== environmentKey)
    throw notFound("The destination");
  return found;
}

function editable(world: ConsoleWorld, address_: Address): StoredDestination {
  const found = find(world, address_);
  if ("settings" in found) return found;
  throw forbidden("This destination is declared in the pipeline's destinations file; change it there.");
}

/** As running pipelines see it, or as it would be. */
function runningOne(world: ConsoleWorld, id: string): Destination {
  const found = world
    .pipelines()
    .map(({ destinations }) => destinations.get(id))
    .find((one) => one !== undefined);
  const one = found ?? world.destinations.live(id);
  if (!one) throw notFound("The destination");
  return one;
}

function declaredOnes(world: ConsoleWorld): Destination[] {
  const byId = new Map<string, Destination>();
  for (const { declared } of world.pipelines()) for (const one of declared.all()) byId.set(one.id, one);
  return [...byId.values()];
}

function usersOf(world: ConsoleWorld, id: string): string[] {
  return world
    .pipelines()
    .filter(
      (pipeline) => pipeline.usesDestinations && isRunning(pipeline) && pipeline.destinations.get(id)?.on,
    )
    .map(({ name }) => name);
}

function isRunning({ run }: ConsolePipeline): boolean {
  return run.state === "running" || run.state === "draining";
}

function expectedVersion(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch === "*") return undefined;
  const version = /^(?:W\/)?"(\d{1,9})"$/.exec(ifMatch)?.[1];
  if (version === undefined) throw invalidRequest('If-Match must hold a version in quotes, such as "3".');
  return Number(version);
}

function stale(id: string, version: number): ApiError {
  return new ApiError(
    409,
    "optimistic_locking_error",
    `destination ${id} has version ${version} by now; load it again`,
  );
}

/** Who and what, for the record; never the key. */
function noteChange(
  world: ConsoleWorld,
  what: string,
  { id, name, environment, version, on }: StoredDestination,
): void {
  world.log.info({ destination: id, name, environment, version, on, by: "api" }, `destination ${what}`);
}
