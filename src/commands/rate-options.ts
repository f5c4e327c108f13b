// Several processes, one rate: what the command line says about it. Each option has an environment variable, so that
// the same command runs everywhere.

import type { Logger } from "../engine/contracts.ts";
import type { Priority } from "../rates/rate-store.ts";
import type { RateSharing } from "../rates/rate-sharing.ts";
import { UsageError } from "./exit-code.ts";

export interface RateOptions {
  readonly rateStore?: string | undefined;
  readonly replicas?: number | undefined;
  readonly share?: number | undefined;
}

export const rateOption = {
  rateStore: {
    alias: "rate-store",
    type: "string",
    requiresArg: true,
    describe:
      "Redis or Valkey that keeps the rates of all processes together: redis://host:6379 (or SLUICE_RATE_STORE)",
  },
  replicas: {
    type: "number",
    requiresArg: true,
    describe: "How many processes there are at most, roll-outs included (or SLUICE_REPLICAS; default 1)",
  },
  share: {
    type: "number",
    requiresArg: true,
    describe:
      "Without a store: the part of each rate that is for this process, above 0 and at most 1 (or SLUICE_SHARE)",
  },
} as const;

type Environment = Readonly<Record<string, string | undefined>>;

export interface RateSettings {
  /** Of a Redis or Valkey. */
  readonly url: string | undefined;
  /** Copies of this command that may run at once. */
  readonly replicas: number;
  /** The fixed part of each rate that this command may use. */
  readonly share: number | undefined;
}

interface RateWorld {
  readonly log: Logger;
  readonly priority: Priority;
  /** This is one of so many processes that share out one backfill. */
  readonly shards?: number | undefined;
}

/** Throws UsageError for what cannot be meant. `shards`: as of `RateWorld`. */
export function rateSettings(options: RateOptions, env: Environment, shards = 1): RateSettings {
  const url = options.rateStore ?? (env["SLUICE_RATE_STORE"] || undefined);
  const replicas = options.replicas ?? numberIn(env, "SLUICE_REPLICAS") ?? shards;
  const share = options.share ?? numberIn(env, "SLUICE_SHARE");
  if (!(Number.isInteger(replicas) && replicas >= 1))
    throw new UsageError(`--replicas takes a whole number from 1, not ${replicas}`);
  if (share !== undefined && !(share > 0 && share <= 1))
    throw new UsageError(`--share takes a number above 0 and at most 1, not ${share}`);
  if (url !== undefined && share !== undefined)
    throw new UsageError("--share is for processes without a --rate-store: leave one of them out");
  if (url !== undefined && (!URL.canParse(url) || !/^rediss?:$/.test(new URL(url).protocol)))
    throw new UsageError("--rate-store takes redis://host:port or rediss://host:port");
  if (url === undefined && share === undefined && replicas > 1 && shards === 1)
    throw new UsageError(
      `${replicas} replicas would each use the whole rate. Give them a --rate-store, or say --share ${(1 / replicas).toFixed(3)} for each.`,
    );
  return { url, replicas, share };
}

/** Undefined: the rates are this process's alone. Throws UsageError as `rateSettings` does. */
export async function rateSharing(
  options: RateOptions,
  env: Environment,
  world: RateWorld,
): Promise<RateSharing | undefined> {
  const { url, replicas, share } = rateSettings(options, env, world.shards);
  if (url !== undefined) return sharingByRedis(url, env, { ...world, replicas });
  if (share === undefined && replicas === 1) return undefined;
  const part = share ?? 1 / replicas;
  if (share === undefined)
    world.log.info({ share: part }, `no --rate-store: this shard takes 1/${replicas} of each rate`);
  const { shareByPart } = await import("../rates/rate-sharing.ts");
  return shareByPart(part);
}

/** `replicas`: processes. */
export async function sharingByRedis(
  url: string,
  env: Environment,
  { log, priority, replicas }: RateWorld & { readonly replicas: number },
): Promise<RateSharing> {
  const [{ RedisStore }, { shareByStore }] = await Promise.all([
    import("../rates/redis-store.ts"),
    import("../rates/rate-sharing.ts"),
  ]);
  const prefix = env["SLUICE_RATE_PREFIX"] || "sluice";
  return shareByStore({ store: new RedisStore({ url, prefix, log }), priority, replicas });
}

function numberIn(env: Environment, name: string): number | undefined {
  const text = env[name];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (Number.isNaN(value)) throw new UsageError(`${name} is not a number: ${text.slice(0, 40)}`);
  return value;
}
