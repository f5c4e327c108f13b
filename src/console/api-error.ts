// What a client is told when something is wrong, in the bodies of LaunchDarkly's REST API: { code, message }, and
// `errors` with the place of each problem, for forms.

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import { InvalidInput, type InputProblem } from "../destinations/check-input.ts";
import { Conflict, NoSuchDestination } from "../destinations/destination-keeper.ts";
import type { Logger } from "../engine/contracts.ts";
import { DataError, RunError, SinkFault, toError } from "../engine/errors.ts";
import { TooMany } from "../live/live-process.ts";
import { BadTap } from "../live/tap.ts";

export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly errors: readonly InputProblem[] = [],
    readonly retryAfterSeconds?: number,
  ) {
    super(message);
  }
}

export const notFound = (what: string) => new ApiError(404, "not_found", `${what} is not there.`);
export const invalidRequest = (message: string) => new ApiError(400, "invalid_request", message);
export const forbidden = (message: string) => new ApiError(403, "forbidden", message);

const CODES: Readonly<Record<number, string>> = {
  400: "invalid_request",
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  405: "method_not_allowed",
  408: "request_timeout",
  409: "conflict",
  413: "request_too_large",
  414: "uri_too_long",
  415: "unsupported_media_type",
  429: "rate_limited",
  431: "headers_too_large",
};

/** Everything that is thrown becomes an answer; only a bug of ours becomes a 500, and that is logged. */
export function installErrorAnswers(app: FastifyInstance, log: Logger): void {
  app.setErrorHandler((error, request, reply) => answer(asApiError(error, request, log), reply));
  app.setNotFoundHandler((request, reply) =>
    answer(notFound(`${request.method} ${request.url.split("?", 1)[0]}`), reply),
  );
}

function answer(error: ApiError, reply: FastifyReply): FastifyReply {
  const { status, code, message, errors, retryAfterSeconds } = error;
  if (retryAfterSeconds !== undefined) {
    reply.header("retry-after", String(retryAfterSeconds));
    reply.header("x-ratelimit-reset", String(Date.now() + retryAfterSeconds * 1000));
  }
  return reply.code(status).send({ code, message, ...(errors.length > 0 ? { errors } : {}) });
}

function asApiError(thrown: unknown, request: FastifyRequest, log: Logger): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof InvalidInput)
    return new ApiError(400, "invalid_request", thrown.message, thrown.problems);
  if (thrown instanceof NoSuchDestination) return notFound("The destination");
  if (thrown instanceof Conflict)
    return new ApiError(
      409,
      thrown.code === "version-conflict" ? "optimistic_locking_error" : "conflict",
      thrown.message,
    );
  if (thrown instanceof BadTap)
    return new ApiError(400, "invalid_request", thrown.message, [
      { path: `/${thrown.part}`, code: "bad-tap", message: thrown.message },
    ]);
  if (thrown instanceof TooMany) return new ApiError(503, "too-many-taps", thrown.message);
  if (thrown instanceof DataError || thrown instanceof SinkFault) return invalidRequest(thrown.message);
  if (thrown instanceof RunError) return new ApiError(503, thrown.code, thrown.message);
  const error = toError(thrown);
  const status = statusOf(error);
  if (status !== undefined && status >= 400 && status < 500)
    return new ApiError(status, CODES[status] ?? "invalid_request", error.message);
  log.error(
    { err: error, method: request.method, route: request.routeOptions.url },
    "a request to the console failed",
  );
  return new ApiError(500, "internal_error", "Something is wrong with Sluice itself; its log says what.");
}

function statusOf(error: Error): number | undefined {
  return "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : undefined;
}
