// The store of destinations and enablement, opened with what the environment says:
//
//   SLUICE_STORE            folder of the store, in place of --store
//   SLUICE_SECRET_KEY       master keys, the first one seals     SLUICE_SECRET_KEY_FILE   the same from a file
//   SLUICE_SECRETS_FOLDER   where `${file:…}` of a write key may point (default /run/secrets)
//   SLUICE_ENDPOINT_ALLOW   hosts that are no public addresses but meant; `loopback` for this machine

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { SecretScrubber } from "../config/scrubber.ts";
import { DestinationKeeper } from "../destinations/destination-keeper.ts";
import { EnablementKeeper } from "../destinations/enablement-keeper.ts";
import { DEFAULT_SECRETS_FOLDER, type KeyRing } from "../destinations/kept-write-key.ts";
import { MasterKeys } from "../destinations/master-keys.ts";
import { Store } from "../destinations/store.ts";
import { systemClock } from "../engine/clock.ts";
import { RunError } from "../engine/errors.ts";
import type { Reach } from "../engine/reach.ts";
import { parseReach } from "../sinks/segment/endpoint-rules.ts";
import type { StoreOptions } from "./store-options.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface OpenStore {
  readonly folder: string;
  readonly store: Store;
  readonly destinations: DestinationKeeper;
  readonly enablement: EnablementKeeper;
  readonly ring: KeyRing;
  readonly reach: Reach;
  /** Knows every write key that was opened or given. */
  readonly scrubber: SecretScrubber;
}

export async function openStore(
  options: StoreOptions,
  env: Environment = process.env,
  scrubber = new SecretScrubber(),
): Promise<OpenStore> {
  const folder = folderOf(options, env);
  const ring: KeyRing = {
    keys: masterKeys(env, scrubber),
    env,
    secretsFolder: resolve(env["SLUICE_SECRETS_FOLDER"] || DEFAULT_SECRETS_FOLDER),
    noted: (key) => scrubber.add(key),
  };
  const reach = parseReach(env["SLUICE_ENDPOINT_ALLOW"]);
  const store = await Store.open(folder);
  const destinations = new DestinationKeeper(store, { clock: systemClock, ring, reach });
  return { folder, store, destinations, enablement: new EnablementKeeper(store), ring, reach, scrubber };
}

/** A store that was named is made when it is not there; the usual one is used if it is there. */
export async function openStoreIfAny(
  options: StoreOptions,
  env: Environment = process.env,
  scrubber = new SecretScrubber(),
): Promise<OpenStore | undefined> {
  const isNamed = options.store !== undefined || Boolean(env["SLUICE_STORE"]);
  return isNamed || Store.isThere(folderOf(options, env)) ? openStore(options, env, scrubber) : undefined;
}

function folderOf(options: StoreOptions, env: Environment): string {
  return resolve(options.store ?? (env["SLUICE_STORE"] || join(".sluice", "store")));
}

function masterKeys(env: Environment, scrubber: SecretScrubber): MasterKeys {
  const text = env["SLUICE_SECRET_KEY"];
  const path = env["SLUICE_SECRET_KEY_FILE"];
  if (text && path)
    throw new RunError("secret-key-invalid", "set SLUICE_SECRET_KEY or SLUICE_SECRET_KEY_FILE, not both");
  if (text) {
    scrubber.add(text);
    return MasterKeys.parse(text, "SLUICE_SECRET_KEY");
  }
  return path
    ? MasterKeys.parse(fileText(path, scrubber), `SLUICE_SECRET_KEY_FILE (${path})`)
    : MasterKeys.none();
}

function fileText(path: string, scrubber: SecretScrubber): string {
  try {
    const text = readFileSync(path, "utf8");
    scrubber.add(text.trim());
    return text;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
    throw new RunError("secret-key-invalid", `SLUICE_SECRET_KEY_FILE: ${path} cannot be read${code}`);
  }
}
