// `sluice deploy`: one pipeline and its run settings in, one file for whoever runs it out. Nothing is contacted.

import { writeFile } from "node:fs/promises";

import type { DeployOptions, DeployTarget } from "../deploy.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { loadOrExplain } from "../load.ts";
import { placeholderSecrets } from "../placeholder-secrets.ts";
import { cloudRun } from "./cloud-run.ts";
import { cloudRunJob } from "./cloud-run-job.ts";
import { kubernetes } from "./kubernetes.ts";
import { type DeploySettings, deploySettings } from "./settings.ts";
import { systemd } from "./systemd.ts";

const writers: Readonly<Record<DeployTarget, (settings: DeploySettings) => string>> = {
  k8s: kubernetes,
  cloudrun: cloudRun,
  "cloudrun-job": cloudRunJob,
  systemd,
};

/** Throws UsageError for a pipeline that cannot run there as it is. */
export async function deploy(options: DeployOptions): Promise<ExitCode> {
  const text = await deployText(options, process.env);
  if (text === undefined) return exitCode.invalidInput;
  if (options.out === undefined) process.stdout.write(text);
  else await writeFile(options.out, text);
  return exitCode.done;
}

/** Undefined: the pipeline has problems, and they were printed. */
export async function deployText(
  { target, pipeline, image, replicaRate, rateStore, shards }: Omit<DeployOptions, "out" | "logLevel">,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const [loaded] = (await loadOrExplain([pipeline], { env: placeholderSecrets(env) })) ?? [];
  if (!loaded) return undefined;
  const wish = { target, image, replicaRate, rateStore, shards, env };
  return writers[target](await deploySettings(loaded, wish));
}
