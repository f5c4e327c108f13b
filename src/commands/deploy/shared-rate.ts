// Several replicas keep one rate by a store, or there is one replica. Whoever overlaps for a while counts as well: pods of
// a roll-out, and the backfill that runs beside live traffic.

import { UsageError } from "../exit-code.ts";
import type { DeployTarget } from "../deploy.ts";

const REDIS_PORT = 6379;

export interface SharedRate {
  /** Where the store answers. The URL with its password is a secret: SLUICE_RATE_STORE. */
  readonly store: { readonly host: string; readonly port: number };
  /** How many processes there are at most at one time: SLUICE_REPLICAS. */
  readonly processes: number;
}

export interface SharedRateWish {
  readonly target: DeployTarget;
  readonly rateStore: string | undefined;
  readonly maxReplicas: number;
  /** One writer: a roll-out ends the old pod before the new one starts. */
  readonly keepsFiles: boolean;
  /** Pods or tasks of the backfill. */
  readonly shards: number;
}

/** Undefined: one process has the whole rate. Throws UsageError. */
export function sharedRate({
  target,
  rateStore,
  maxReplicas,
  keepsFiles,
  shards,
}: SharedRateWish): SharedRate | undefined {
  if (rateStore === undefined) {
    if (target !== "systemd" && maxReplicas > 1)
      throw new UsageError(
        `${maxReplicas} replicas would each use the whole rate. Say where a Redis or Valkey is (--rate-store redis://host:6379), or raise --replica-rate`,
      );
    return undefined;
  }
  if (target === "systemd")
    throw new UsageError(
      "A unit is one process: put SLUICE_RATE_STORE and SLUICE_REPLICAS into its environment file in place of --rate-store",
    );
  return { store: storeOf(rateStore), processes: processesOf({ target, maxReplicas, keepsFiles, shards }) };
}

function processesOf({ target, maxReplicas, keepsFiles, shards }: Omit<SharedRateWish, "rateStore">): number {
  // Revisions of Cloud Run overlap as a whole.
  if (target === "cloudrun" || target === "cloudrun-job") return maxReplicas * 2 + shards;
  const surge = keepsFiles ? 0 : 1;
  return maxReplicas + surge + shards;
}

function storeOf(url: string): SharedRate["store"] {
  const { protocol, hostname, port, username, password } = URL.canParse(url) ? new URL(url) : NO_URL;
  if (!/^rediss?:$/.test(protocol) || hostname === "")
    throw new UsageError("--rate-store takes redis://host:port or rediss://host:port");
  if (username !== "" || password !== "")
    throw new UsageError(
      "--rate-store takes no password here: what is written is no secret. Put the whole URL into the secret SLUICE_RATE_STORE",
    );
  return { host: hostname, port: port === "" ? REDIS_PORT : Number(port) };
}

const NO_URL = { protocol: "", hostname: "", port: "", username: "", password: "" };
