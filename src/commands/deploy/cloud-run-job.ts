// A backfill as a Cloud Run job. Each task finds its part of the files by CLOUD_RUN_TASK_INDEX and CLOUD_RUN_TASK_COUNT;
// all share one folder for the state, on NFS: a task that is tried again goes on from its checkpoint. The types are
// Google's own of the API.

import type { run_v1 } from "@googleapis/run";

import { cloudRunEnvironment, secretLines, serviceAccount } from "./cloud-run.ts";
import { CONFIGURATION, type DeploySettings, WRITABLE } from "./settings.ts";
import { yamlDocuments } from "./yaml-documents.ts";

/** Google's documentation of jobs: tasks may be tried again ten times, and may take 24 hours (more is a preview). */
const MOST_RETRIES = 10;
const LONGEST_TASK_SECONDS = 86_400;

export function cloudRunJob(settings: DeploySettings): string {
  const { name, limit, shared, shards } = settings;
  const own = jobName(settings);
  const comment = [
    `Made by: sluice deploy cloudrun-job <pipeline>. ${name}: a backfill in ${shards} task(s), ${limit} events/s together.`,
    "",
    "The image, the secrets and the service account are those of the service (sluice deploy cloudrun).",
    ...secretLines(settings),
    "",
    "BUCKET/PATH is what is read: a file, a folder or a glob. The service account needs roles/storage.objectViewer on the bucket.",
    "NFS_SERVER is a Filestore or another NFS server in NETWORK, with a folder /sluice that belongs to user 65532: there lie the",
    "checkpoints, of all tasks. `sluice backfill --status` reads them.",
    ...(shared
      ? [
          `SLUICE_RATE_STORE keeps the rate over at most ${shared.processes} processes; the backfill takes what live traffic leaves.`,
        ]
      : [
          `The rate is divided among the tasks, and the service knows nothing of them: stop it meanwhile, or make this file with --rate-store.`,
        ]),
    "",
    "Then: gcloud run jobs replace <this file>",
    `      gcloud run jobs execute ${own}`,
    `After ${LONGEST_TASK_SECONDS / 3_600} hours a task is ended and tried again, from its checkpoint.`,
  ];
  return yamlDocuments(comment, [job(settings)]);
}

const jobName = ({ name }: DeploySettings) => `${name}-backfill`;

function job(settings: DeploySettings): object {
  const { shards, version } = settings;
  return {
    apiVersion: "run.googleapis.com/v1",
    kind: "Job",
    metadata: {
      name: jobName(settings),
      labels: { app: "sluice", version: version.replaceAll(".", "-") },
    },
    spec: {
      template: {
        metadata: {
          annotations: {
            "run.googleapis.com/execution-environment": "gen2",
            "run.googleapis.com/network-interfaces": '[{"network":"NETWORK","subnetwork":"SUBNET"}]',
            "run.googleapis.com/vpc-access-egress": "private-ranges-only",
          },
        },
        spec: {
          taskCount: shards,
          parallelism: shards,
          template: { spec: task(settings) },
        },
      },
    },
  } satisfies run_v1.Schema$Job;
}

function task(settings: DeploySettings) {
  const { image, file } = settings;
  return {
    serviceAccountName: serviceAccount(settings),
    maxRetries: MOST_RETRIES,
    timeoutSeconds: String(LONGEST_TASK_SECONDS),
    containers: [
      {
        name: "sluice",
        image,
        args: [
          "backfill",
          `${CONFIGURATION}/${file}`,
          "--from=gs://BUCKET/PATH",
          `--state=${WRITABLE}/backfill`,
        ],
        env: cloudRunEnvironment(settings),
        resources: { limits: { cpu: "1", memory: "1Gi" } },
        volumeMounts: [{ name: "state", mountPath: WRITABLE }],
      },
    ],
    volumes: [{ name: "state", nfs: { server: "NFS_SERVER", path: "/sluice" } }],
  } satisfies run_v1.Schema$TaskSpec;
}
