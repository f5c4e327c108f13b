// LaunchDarkly's REST API, as far as the flags' export switches go (LaunchDarkly API docs: "Projects",
// "Environments", "Feature flags", "Rate limiting"). One request at a time; what the rate-limit headers ask for is
// done before the next one.

import type { Clock } from "../../engine/clock.ts";
import { sleep } from "../../engine/clock.ts";
import { toError } from "../../engine/errors.ts";
import { isObject } from "../../events/envelope.ts";

/** Gone, unreachable, or slow down: it may work later. */
export class LaunchDarklyUnavailable extends Error {
  override readonly name = "LaunchDarklyUnavailable";
  constructor(
    message: string,
    /** How long it asked us to wait, in ms. */
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}

/** A person must mend something: the token, its role, a key in the configuration. */
export class LaunchDarklyRefused extends Error {
  override readonly name = "LaunchDarklyRefused";
}

export interface ApiClientOptions {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly accessToken: () => string;
  readonly clock: Clock;
}

const API_VERSION = "20240415";
const TIMEOUT_MS = 30_000;
const MAX_BODY_BYTES = 64 * 1024 * 1024;
const PAGE = 100;
/** An answer that never reports its end must not be asked for ever. */
const MAX_PAGES = 5_000;
const LONGEST_PAUSE_MS = 120_000;

type Item = Readonly<Record<string, unknown>>;

export class LaunchDarklyApi {
  private pauseUntilMs = 0;

  constructor(private readonly options: ApiClientOptions) {}

  /** Every item of a list, page by page. Throws LaunchDarklyUnavailable, LaunchDarklyRefused. */
  async list(
    path: string,
    query: readonly (readonly [string, string])[],
    signal: AbortSignal,
  ): Promise<Item[]> {
    const items: Item[] = [];
    for (let page = 0; page < MAX_PAGES; page++) {
      const search = new URLSearchParams([
        ...query.map(([key, value]) => [key, value] as [string, string]),
        ["limit", String(PAGE)],
        ["offset", String(items.length)],
      ]);
      const answer = await this.get(`${path}?${search}`, signal);
      const found = Array.isArray(answer["items"]) ? answer["items"].filter(isObject) : undefined;
      if (!found) throw new LaunchDarklyUnavailable(`${path} answered without a list of items`);
      items.push(...found);
      const total = answer["totalCount"];
      // Without a count, a page that is not full is the last one.
      const isLast = typeof total === "number" ? items.length >= total : found.length < PAGE;
      if (found.length === 0 || isLast) return items;
    }
    throw new LaunchDarklyRefused(`${path} has more than ${MAX_PAGES} pages`);
  }

  private async get(path: string, signal: AbortSignal): Promise<Item> {
    const { baseUrl, clock, accessToken } = this.options;
    const pause = Math.min(LONGEST_PAUSE_MS, this.pauseUntilMs - clock.nowMs());
    if (pause > 0) await sleep(clock, pause, signal);
    signal.throwIfAborted();
    const limit = new AbortController();
    const stop = () => limit.abort();
    signal.addEventListener("abort", stop, { once: true });
    const cancel = clock.after(TIMEOUT_MS, stop);
    const name = path.split("?", 1)[0];
    try {
      const response = await fetch(baseUrl + path, {
        headers: { authorization: accessToken(), "ld-api-version": API_VERSION, accept: "application/json" },
        // A redirect would take the token along.
        redirect: "manual",
        signal: limit.signal,
      });
      this.heedLimits(response.headers);
      if (response.status !== 200) throw await this.refusal(response, `${name}`);
      return parsed(await textOf(response), `${name}`);
    } catch (thrown) {
      signal.throwIfAborted();
      if (thrown instanceof LaunchDarklyUnavailable || thrown instanceof LaunchDarklyRefused) throw thrown;
      const { message, cause } = toError(thrown);
      const why = limit.signal.aborted
        ? `no answer within ${TIMEOUT_MS} ms`
        : cause
          ? toError(cause).message
          : message;
      throw new LaunchDarklyUnavailable(`${name}: ${why}`);
    } finally {
      cancel();
      signal.removeEventListener("abort", stop);
    }
  }

  /** Nothing remains of this window: the next request waits for the next one. */
  private heedLimits(headers: Headers): void {
    const remaining = ["x-ratelimit-global-remaining", "x-ratelimit-route-remaining"].some(
      (name) => headers.get(name) === "0",
    );
    const wait = remaining ? this.untilReset(headers) : undefined;
    if (wait !== undefined) this.pauseUntilMs = this.options.clock.nowMs() + wait;
  }

  private async refusal(response: Response, path: string): Promise<Error> {
    const { status, headers } = response;
    await response.body?.cancel();
    const said = `${path} answered ${status}`;
    if (status === 429) {
      const seconds = Number(headers.get("retry-after") ?? Number.NaN);
      const wait = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : this.untilReset(headers);
      return new LaunchDarklyUnavailable(said, Math.min(LONGEST_PAUSE_MS, wait ?? 10_000));
    }
    if (status >= 500 || status === 408) return new LaunchDarklyUnavailable(said);
    if (status === 401) return new LaunchDarklyRefused(`${said}: the access token is not valid`);
    if (status === 403)
      return new LaunchDarklyRefused(`${said}: the access token may not read this; it needs a reader role`);
    if (status === 404)
      return new LaunchDarklyRefused(
        `${said}: there is no such project or environment, or the token may not see it`,
      );
    return new LaunchDarklyRefused(said);
  }

  /** `X-Ratelimit-Reset`: Unix milliseconds. */
  private untilReset(headers: Headers): number | undefined {
    const reset = Number(headers.get("x-ratelimit-reset") ?? Number.NaN);
    return Number.isFinite(reset) ? Math.max(0, reset - this.options.clock.wallMs()) : undefined;
  }
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES)
      throw new LaunchDarklyUnavailable(`an answer has more than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parsed(text: string, path: string): Item {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Said below: what the parser quotes helps nobody.
  }
  throw new LaunchDarklyUnavailable(`${path} answered with something that is no JSON object`);
}
