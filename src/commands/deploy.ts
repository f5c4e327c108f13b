import type { Argv } from "yargs";

import type { GlobalOptions } from "./global-options.ts";

export const deployTargets = ["k8s", "cloudrun", "cloudrun-job", "systemd"] as const;
export type DeployTarget = (typeof deployTargets)[number];

export interface DeployOptions extends GlobalOptions {
  readonly target: DeployTarget;
  readonly pipeline: string;
  readonly out: string | undefined;
  readonly image: string | undefined;
  readonly replicaRate: number;
  readonly rateStore: string | undefined;
  readonly shards: number;
}

export function deployCommand(cli: Argv<GlobalOptions>): void {
  cli.command(
    "deploy <target> <pipeline>",
    "Write the files that run a pipeline under Kubernetes, Cloud Run or systemd",
    (yargs) =>
      yargs
        .positional("target", { choices: deployTargets, demandOption: true, describe: "Where it runs" })
        .positional("pipeline", { type: "string", demandOption: true, describe: "Pipeline file" })
        .option("out", { type: "string", requiresArg: true, describe: "Write to this file, not to stdout" })
        .option("image", {
          type: "string",
          requiresArg: true,
          describe: "Container image, as built from deploy/Containerfile; sluice:<version> when absent",
        })
        .option("replica-rate", {
          type: "number",
          default: 5_000,
          describe: "Events per second that one replica is trusted to deliver; decides how many there may be",
        })
        .option("rate-store", {
          type: "string",
          requiresArg: true,
          describe:
            "Where the Redis or Valkey is that keeps the rates of all replicas together: redis://host:6379; needed for more than one",
        })
        .option("shards", {
          type: "number",
          default: 1,
          describe: "How many pods (k8s) or tasks (cloudrun, cloudrun-job) share out a backfill",
        })
        .example(
          "$0 deploy k8s pipelines/launchdarkly-to-segment-cloud.yaml | kubectl apply -f -",
          "Deployment, autoscaler, budget, network policy, and a suspended backfill job",
        )
        .example(
          "$0 deploy cloudrun-job pipelines/launchdarkly-to-segment-cloud.yaml --shards 8 --out job.yaml",
          "A backfill of files in Cloud Storage, in eight tasks",
        )
        .example(
          "$0 deploy systemd pipelines/launchdarkly-to-segment.yaml --out sluice.service",
          "A hardened unit",
        )
        .epilogue("Variables of the pipeline are read from the environment; secrets become references only."),
    async (argv) => {
      const { deploy } = await import("./deploy/deploy.ts");
      process.exitCode = await deploy(argv);
    },
  );
}
