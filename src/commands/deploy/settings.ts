// What all targets need to know of a pipeline, and what they refuse.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are written like this.

import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { parse } from "yaml";

import type { LoadedPipeline } from "../../config/load.ts";
import { readScalar, type Reference } from "../../config/references.ts";
import { isMap } from "../../config/stages.ts";
import { productVersion } from "../../sinks/segment/product-version.ts";
import type { DeployTarget } from "../deploy.ts";
import { UsageError } from "../exit-code.ts";
import { type SharedRate, sharedRate } from "./shared-rate.ts";

/** The one place that may be written. */
export const WRITABLE = "/var/lib/sluice";
export const CONFIGURATION = "/etc/sluice/pipelines";
export const SECRET_FILES = "/run/secrets/";
export const METRICS_PORT = 9464;
/** Kubernetes' limit for a ConfigMap, with room for the rest of the object. */
const MOST_CONFIG_BYTES = 900_000;
/** What a stop takes beyond the drain: closing, and the scheduler's own delays. */
const STOP_EXTRA_SECONDS = 10;

export interface Variable {
  readonly name: string;
  /** Undefined: a secret, which is referred to and never written. */
  readonly value: string | undefined;
}

export interface DeploySettings {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly image: string;
  /** The pipeline file's name below CONFIGURATION. */
  readonly file: string;
  /** Name -> text of the pipeline and the declared files beside it. */
  readonly files: Readonly<Record<string, string>>;
  readonly variables: readonly Variable[];
  readonly hasSecretFiles: boolean;
  /** Dead letters are files: they need a disk that lasts, and one writer of it. */
  readonly keepsFiles: boolean;
  readonly stopSeconds: number;
  /** Events per second of all destinations together. */
  readonly limit: number;
  readonly maxReplicas: number;
  /** Undefined: there is one process at a time, and the rate is its own. */
  readonly shared: SharedRate | undefined;
  /** Pods of a backfill. */
  readonly shards: number;
}

export interface DeployWish {
  readonly target: DeployTarget;
  readonly image: string | undefined;
  readonly replicaRate: number;
  readonly rateStore: string | undefined;
  readonly shards: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Throws UsageError. */
export async function deploySettings(pipeline: LoadedPipeline, wish: DeployWish): Promise<DeploySettings> {
  const { name, baseDir, drainMs, destinations } = pipeline;
  if (!(wish.replicaRate > 0))
    throw new UsageError(`--replica-rate takes a number above 0, not ${wish.replicaRate}`);
  const { target, rateStore, shards } = wish;
  if (!(Number.isInteger(shards) && shards >= 1))
    throw new UsageError(`--shards takes a whole number from 1, not ${shards}`);
  const version = productVersion();
  const files = await filesOf(pipeline, baseDir);
  const references = Object.values(files).flatMap((text) => [...referencesIn(parse(text))]);
  const keepsFiles = pipeline.deadLetters.definition.type === "file";
  const limit = destinations
    .all()
    .filter(({ on }) => on)
    .reduce((sum, { config }) => sum + config.rates.events, 0);
  const maxReplicas = Math.max(1, Math.ceil(limit / wish.replicaRate));
  if (wish.target !== "systemd" && keepsFiles) refuseFiles(wish.target, maxReplicas);
  const shared = sharedRate({ target, rateStore, maxReplicas, keepsFiles, shards });
  const secretFiles = hasSecretFiles(references);
  if (secretFiles && isCloudRun(target))
    throw new UsageError("Cloud Run gives secrets as variables: write ${NAME} in place of ${file:…}");
  return {
    name,
    description: pipeline.description ?? `Sluice pipeline ${name}`,
    version,
    image: wish.image ?? `sluice:${version}`,
    file: basename(pipeline.file),
    files,
    variables: [
      ...variablesOf(references, deadLetterVariable(pipeline, files), wish.env),
      ...(shared ? rateVariables(shared) : []),
    ],
    hasSecretFiles: secretFiles,
    keepsFiles,
    stopSeconds: Math.ceil(drainMs / 1_000) + STOP_EXTRA_SECONDS,
    limit,
    maxReplicas,
    shared,
    shards,
  };
}

function rateVariables({ processes }: SharedRate): Variable[] {
  return [
    { name: "SLUICE_RATE_STORE", value: undefined },
    { name: "SLUICE_REPLICAS", value: String(processes) },
  ];
}

export const isCloudRun = (target: DeployTarget) => target === "cloudrun" || target === "cloudrun-job";

function refuseFiles(target: DeployTarget, maxReplicas: number): void {
  const fix = "Keep them in a topic: deadLetters: { type: pubsub, topic: … }";
  if (isCloudRun(target))
    throw new UsageError(
      `Cloud Run has no disk that lasts, and this pipeline's dead letters are files. ${fix}`,
    );
  if (maxReplicas > 1)
    throw new UsageError(
      `${maxReplicas} replicas cannot share a disk, and this pipeline's dead letters are files. ${fix}, or raise --replica-rate`,
    );
}

async function filesOf({ file }: LoadedPipeline, baseDir: string): Promise<Record<string, string>> {
  const there = await readdir(baseDir);
  const names = [basename(file), "destinations.yaml", "enablement.yaml"].filter((name) =>
    there.includes(name),
  );
  const files = await Promise.all(
    names.map(async (name) => [name, await readFile(join(baseDir, name), "utf8")] as const),
  );
  const bytes = files.reduce((sum, [, text]) => sum + Buffer.byteLength(text), 0);
  if (bytes > MOST_CONFIG_BYTES)
    throw new UsageError(`the pipeline and its files have ${bytes} bytes; ${MOST_CONFIG_BYTES} fit`);
  return Object.fromEntries(files);
}

function* referencesIn(value: unknown): Iterable<Reference> {
  if (typeof value === "string") {
    const scalar = readScalar(value);
    if (scalar.is === "reference") yield scalar.reference;
  } else if (Array.isArray(value)) {
    for (const item of value) yield* referencesIn(item);
  } else if (isMap(value)) {
    for (const item of Object.values(value)) yield* referencesIn(item);
  }
}

/** The variable that says where dead letters go; undefined: they are no files, or stand where they may. */
function deadLetterVariable(
  { file }: LoadedPipeline,
  files: Readonly<Record<string, string>>,
): string | undefined {
  const whole: unknown = parse(files[basename(file)] ?? "");
  const stage = isMap(whole) ? whole["deadLetters"] : undefined;
  const path = isMap(stage) && stage["type"] === "file" ? stage["path"] : undefined;
  if (typeof path !== "string") return undefined;
  const scalar = readScalar(path);
  if (scalar.is === "reference" && scalar.reference.kind === "variable") return scalar.reference.name;
  if (path.startsWith(`${WRITABLE}/`)) return undefined;
  throw new UsageError(
    `deadLetters.path is ${JSON.stringify(path)}, and only ${WRITABLE} can be written where this runs. Write \${SLUICE_DEAD_LETTERS:-${path}}`,
  );
}

function variablesOf(
  references: readonly Reference[],
  deadLetters: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Variable[] {
  const found = new Map<string, Variable>();
  for (const reference of references) {
    if (reference.kind !== "variable" || found.has(reference.name)) continue;
    const { name, fallback } = reference;
    const isSecret = /(KEY|TOKEN|SECRET|PASSWORD)$/.test(name);
    const value = name === deadLetters ? `${WRITABLE}/dead-letters/` : env[name] || fallback;
    found.set(name, { name, value: isSecret ? undefined : value });
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function hasSecretFiles(references: readonly Reference[]): boolean {
  const paths = references.flatMap((reference) => (reference.kind === "file" ? [reference.path] : []));
  const elsewhere = paths.find((path) => !path.startsWith(SECRET_FILES));
  if (elsewhere !== undefined)
    throw new UsageError(
      `\${file:${elsewhere}} is not there where this runs; secrets are mounted at ${SECRET_FILES}`,
    );
  return paths.length > 0;
}
