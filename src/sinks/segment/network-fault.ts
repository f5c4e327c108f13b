// A request without an answer. All of it is weather; the code tells a person which.

/** The whole request took longer than its deadline. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
  constructor(readonly timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
  }
}

/** The run stopped while the request was under way. */
export class StoppedError extends Error {
  override readonly name = "StoppedError";
  constructor() {
    super("the run stops");
  }
}

const CODES: Readonly<Record<string, string>> = {
  ERR_FORBIDDEN_ADDRESS: "endpoint-refused",
  ECONNREFUSED: "connection-refused",
  ECONNRESET: "connection-reset",
  ECONNABORTED: "connection-reset",
  EPIPE: "connection-reset",
  UND_ERR_SOCKET: "connection-reset",
  ENOTFOUND: "dns",
  ENODATA: "dns",
  ESERVFAIL: "dns",
  ETIMEDOUT: "timeout",
  UND_ERR_CONNECT_TIMEOUT: "timeout",
  UND_ERR_HEADERS_TIMEOUT: "timeout",
  UND_ERR_BODY_TIMEOUT: "timeout",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  EHOSTDOWN: "unreachable",
  ENETDOWN: "unreachable",
  EADDRNOTAVAIL: "unreachable",
  UND_ERR_HEADERS_OVERFLOW: "bad-response",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "bad-response",
  UND_ERR_RES_EXCEEDED_MAX_SIZE: "bad-response",
  EPROTO: "tls",
  DEPTH_ZERO_SELF_SIGNED_CERT: "tls",
  SELF_SIGNED_CERT_IN_CHAIN: "tls",
  HOSTNAME_MISMATCH: "tls",
};

const PREFIXES: readonly (readonly [prefix: string, code: string])[] = [
  ["EAI_", "dns"],
  ["ERR_TLS_", "tls"],
  ["ERR_SSL_", "tls"],
  ["CERT_", "tls"],
  ["UNABLE_TO_", "tls"],
  ["CRL_", "tls"],
  ["ERROR_IN_", "tls"],
  ["INVALID_", "tls"],
  ["HPE_", "bad-response"],
];

/** Wrong use of the HTTP client: our bug, not weather. */
export function isClientBug(error: Error): boolean {
  return codeOf(error) === "UND_ERR_INVALID_ARG";
}

/** A kebab-case code; `network` for whatever has no better name. */
export function networkCode(error: Error): string {
  if (error instanceof DeadlineError) return "timeout";
  if (error instanceof StoppedError) return "stopped";
  if (error.name === "HTTPParserError") return "bad-response";
  const code = codeOf(error);
  if (code === undefined) return "network";
  return CODES[code] ?? PREFIXES.find(([prefix]) => code.startsWith(prefix))?.[1] ?? "network";
}

/** Whether nothing can have reached Segment. Otherwise the outcome is open, and the ids must make it harmless. */
export function wasSurelyNotTaken(code: string): boolean {
  return (
    code === "endpoint-refused" ||
    code === "connection-refused" ||
    code === "dns" ||
    code === "tls" ||
    code === "unreachable"
  );
}

/**
 * The same error with its text alone. undici's own may carry what the server sent (`data`), and the server may
 * have sent the write key back.
 */
export function bare(error: Error, clean: (text: string) => string): Error {
  const copy = new Error(clean(error.message));
  copy.name = error.name;
  return copy;
}

function codeOf(error: Error): string | undefined {
  const { code } = error as { code?: unknown };
  if (typeof code === "string") return code;
  return error.cause instanceof Error && error.cause !== error ? codeOf(error.cause) : undefined;
}
