// The files of deploy/ that the command writes for the pipelines that come with Sluice; `make docs` keeps them fresh.

import type { DeployTarget } from "../deploy.ts";
import { deployText } from "./deploy.ts";

const examples: readonly (readonly [path: string, target: DeployTarget, pipeline: string])[] = [
  ["deploy/k8s/sluice.yaml", "k8s", "pipelines/launchdarkly-to-segment-cloud.yaml"],
  ["deploy/cloudrun/service.yaml", "cloudrun", "pipelines/launchdarkly-to-segment-cloud.yaml"],
  ["deploy/cloudrun/backfill-job.yaml", "cloudrun-job", "pipelines/launchdarkly-to-segment-cloud.yaml"],
  ["deploy/systemd/sluice.service", "systemd", "pipelines/launchdarkly-to-segment.yaml"],
];

/** Path from the project's folder -> content. Nothing of the environment is in them. */
export async function exampleFiles(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const [path, target, pipeline] of examples) {
    const wish = { target, pipeline, image: undefined, replicaRate: 5_000, rateStore: undefined, shards: 1 };
    const text = await deployText(wish, {});
    if (text === undefined) throw new Error(`${pipeline} cannot be deployed`);
    files.set(path, text);
  }
  return files;
}
