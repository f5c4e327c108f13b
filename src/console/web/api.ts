// Every request to the server. Errors come as the API says them; a server that does not answer is an error like them.

import type { Problem } from "./api-types.ts";
import { token, tokenRefused } from "./session.ts";

export class ApiFailure extends Error {
  override readonly name = "ApiFailure";
  constructor(
    /** 0: no answer. */
    readonly status: number,
    readonly code: string,
    message: string,
    readonly problems: readonly Problem[] = [],
  ) {
    super(message);
  }
}

export interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

const NO_ANSWER = "Sluice does not answer. It may have stopped; this page tries again.";

/** Throws ApiFailure; an AbortError when `signal` is aborted. */
export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const response = await request(method, path, options);
  const text = await response.text();
  // The server answers by schemas that T was made from.
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** The same, before its body is read. */
export async function request(method: string, path: string, options: CallOptions): Promise<Response> {
  const { body, headers, signal } = options;
  const response = await fetch(path, {
    method,
    headers: {
      accept: "application/json",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(token.value === "" ? {} : { authorization: token.value }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new ApiFailure(0, "no-answer", NO_ANSWER);
  });
  if (response.ok) return response;
  throw await failureOf(response);
}

async function failureOf(response: Response): Promise<ApiFailure> {
  const { status } = response;
  if (status === 401) tokenRefused();
  try {
    const { code, message, errors } = (await response.json()) as {
      code: string;
      message: string;
      errors?: Problem[];
    };
    return new ApiFailure(status, code, message, errors);
  } catch {
    // Not ours: a proxy in between, for example.
    return new ApiFailure(status, "no-api", `The answer was ${status} ${response.statusText}.`);
  }
}

/** Of one path: `destinations`, `*`, `a b` -> `destinations/*\/a%20b`. */
export function pathOf(...parts: readonly string[]): string {
  return `/${parts.map(encodeURIComponent).join("/")}`;
}

export function toFailure(error: unknown): ApiFailure {
  if (error instanceof ApiFailure) return error;
  return new ApiFailure(
    0,
    "page-bug",
    `This page has a fault: ${error instanceof Error ? error.message : String(error)}`,
  );
}
