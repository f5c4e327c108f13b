// Cloud Run: a service that is never idle. It answers health on its port, which is all the HTTP there is. The types are
// Google's own of the API.

import type { run_v1 } from "@googleapis/run";

import { CONFIGURATION, type DeploySettings, WRITABLE } from "./settings.ts";
import { yamlDocuments } from "./yaml-documents.ts";

const PORT = 8080;
/** Google's documentation: a SIGTERM is followed by a SIGKILL after ten seconds. */
const STOP_SECONDS = 10;

export function cloudRun(settings: DeploySettings): string {
  const { name, version, limit, maxReplicas, stopSeconds, shared } = settings;
  const comment = [
    `Made by: sluice deploy cloudrun <pipeline>. ${name}: ${limit} events/s, at most ${maxReplicas} instance(s).`,
    "",
    "The image holds the pipeline: build it from deploy/Containerfile with your pipelines folder, or",
    `  FROM sluice:${version}`,
    `  COPY pipelines ${CONFIGURATION}`,
    ...secretLines(settings),
    "Then: gcloud run services replace <this file>",
    "",
    ...(shared
      ? [
          `SLUICE_RATE_STORE is the whole URL of ${shared.store.host}:${shared.store.port}, password included: it keeps the rate over at most`,
          `${shared.processes} instances, as revisions overlap. NETWORK and SUBNET are those from which it is reached.`,
        ]
      : [
          "Revisions overlap: for that while two instances use the rate each. Make this file with --rate-store where that is too much.",
        ]),
    "",
    `Credentials are those of the service account ${serviceAccount(settings)}: roles/pubsub.subscriber and viewer on the`,
    "subscription, roles/pubsub.publisher on the topic for dead letters, roles/secretmanager.secretAccessor on the secrets.",
    `Cloud Run stops an instance ${STOP_SECONDS} s after SIGTERM; set drainMs to ${(STOP_SECONDS - 2) * 1_000} or less${
      stopSeconds > STOP_SECONDS ? " (it is more now: the rest comes again)" : ""
    }.`,
  ];
  return yamlDocuments(comment, [service(settings)]);
}

export function secretLines({ name, variables }: DeploySettings): string[] {
  const secrets = variables.filter(({ value }) => value === undefined);
  return [
    "Before the first deploy, each secret:",
    ...secrets.map((variable) => `  gcloud secrets create ${secretOf(name, variable.name)} --data-file=…`),
  ];
}

export const serviceAccount = ({ name }: DeploySettings) => `${name}@PROJECT.iam.gserviceaccount.com`;

const secretOf = (name: string, variable: string) => `${name}-${variable.toLowerCase().replaceAll("_", "-")}`;

function service(settings: DeploySettings): object {
  const { name, version, maxReplicas, shared } = settings;
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: {
      name,
      labels: { app: "sluice", version: version.replaceAll(".", "-") },
      annotations: { "run.googleapis.com/ingress": "internal" },
    },
    spec: {
      template: {
        metadata: {
          annotations: {
            "autoscaling.knative.dev/minScale": "1",
            "autoscaling.knative.dev/maxScale": String(maxReplicas),
            // Work comes from Pub/Sub, not by request: the processor must run all the time.
            "run.googleapis.com/cpu-throttling": "false",
            "run.googleapis.com/execution-environment": "gen2",
            ...(shared
              ? {
                  "run.googleapis.com/network-interfaces": '[{"network":"NETWORK","subnetwork":"SUBNET"}]',
                  "run.googleapis.com/vpc-access-egress": "private-ranges-only",
                }
              : {}),
          },
        },
        spec: {
          serviceAccountName: serviceAccount(settings),
          containers: [container(settings)],
          volumes: [{ name: "state", emptyDir: { medium: "Memory", sizeLimit: "128Mi" } }],
        },
      },
    },
  } satisfies run_v1.Schema$Service;
}

export function cloudRunEnvironment({ name, variables }: DeploySettings) {
  return variables.map((variable) =>
    variable.value === undefined
      ? {
          name: variable.name,
          valueFrom: { secretKeyRef: { name: secretOf(name, variable.name), key: "latest" } },
        }
      : { name: variable.name, value: variable.value },
  ) satisfies run_v1.Schema$EnvVar[];
}

function container(settings: DeploySettings) {
  const { image, file } = settings;
  const probe = (path: string) => ({ httpGet: { path, port: PORT } });
  return {
    name: "sluice",
    image,
    args: ["run", `${CONFIGURATION}/${file}`, `--state=${WRITABLE}/state`, `--metrics=0.0.0.0:${PORT}`],
    ports: [{ containerPort: PORT }],
    env: cloudRunEnvironment(settings),
    startupProbe: { ...probe("/startupz"), periodSeconds: 2, failureThreshold: 60 },
    livenessProbe: { ...probe("/livez"), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
    resources: { limits: { cpu: "1", memory: "512Mi" } },
    volumeMounts: [{ name: "state", mountPath: WRITABLE }],
  } satisfies run_v1.Schema$Container;
}
