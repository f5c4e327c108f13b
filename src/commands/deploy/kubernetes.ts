// Kubernetes: everything one pipeline needs in one file. Pub/Sub distributes the messages, Kubernetes the processes.

import { podSpec } from "./pod.ts";
import { CONFIGURATION, type DeploySettings, METRICS_PORT, WRITABLE } from "./settings.ts";
import { yamlDocuments } from "./yaml-documents.ts";

const CPU_TARGET_PERCENT = 70;
/** Slow to shrink: a backlog comes in waves, and each new replica must open its stream first. */
const SHRINK_AFTER_SECONDS = 300;

export function kubernetes(settings: DeploySettings): string {
  const { keepsFiles, name, shards } = settings;
  const documents = [
    serviceAccount(settings),
    configMap(settings),
    ...(keepsFiles ? [claim(settings, name)] : []),
    deployment(settings),
    autoscaler(settings),
    disruptionBudget(settings),
    networkPolicy(settings),
    claim(settings, `${name}-backfill`, shards > 1),
    backfillJob(settings),
  ];
  return yamlDocuments(comment(settings), documents);
}

function comment({
  name,
  variables,
  hasSecretFiles,
  limit,
  maxReplicas,
  shared,
  shards,
}: DeploySettings): string[] {
  const secrets = variables.filter(({ value }) => value === undefined).map(({ name: key }) => key);
  return [
    `Made by: sluice deploy k8s <pipeline>. ${name}: ${limit} events/s, at most ${maxReplicas} replica(s).`,
    "",
    "Before the first apply:",
    `  kubectl create secret generic ${name}-secrets ${secrets.map((key) => `--from-literal=${key}=…`).join(" ")}`,
    ...(hasSecretFiles ? [`  kubectl create secret generic ${name}-files --from-file=…`] : []),
    "",
    "Google credentials come by Workload Identity, without a key file. The service account below is a principal:",
    "  gcloud pubsub subscriptions add-iam-policy-binding SUBSCRIPTION --role=roles/pubsub.subscriber \\",
    `    --member="principal://iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/PROJECT.svc.id.goog/subject/ns/NAMESPACE/sa/${name}"`,
    "and the same with roles/pubsub.viewer, and roles/pubsub.publisher on a topic for dead letters.",
    "",
    ...(shared
      ? [
          `SLUICE_RATE_STORE is the whole URL of ${shared.store.host}:${shared.store.port}, password included: it keeps the rate over at most`,
          `${shared.processes} processes, the pod of a roll-out and ${shards} of the backfill included.`,
        ]
      : [
          "The rate is kept by one process alone: a roll-out ends the old pod first. Scale the deployment to 0 while the backfill",
          "runs, or make this file with --rate-store: then the backfill takes what live traffic leaves.",
        ]),
    "",
    "The backfill job is suspended: put an archive on the claim of that name, then",
    `  kubectl patch job ${name}-backfill --type=merge -p '{"spec":{"suspend":false}}'`,
    shards > 1
      ? `It is divided into ${shards} shards: the claim ${name}-backfill is for pods on several nodes (ReadWriteMany, with hard links: NFS).`
      : "For several pods that share out the files make this file with --shards.",
  ];
}

function metadata({ name, version }: DeploySettings, own = name): object {
  return {
    name: own,
    labels: {
      "app.kubernetes.io/name": "sluice",
      "app.kubernetes.io/instance": name,
      "app.kubernetes.io/version": version,
    },
  };
}

const selector = ({ name }: DeploySettings, component: string) => ({
  "app.kubernetes.io/name": "sluice",
  "app.kubernetes.io/instance": name,
  "app.kubernetes.io/component": component,
});

function serviceAccount(settings: DeploySettings): object {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: metadata(settings),
    automountServiceAccountToken: false,
  };
}

function configMap(settings: DeploySettings): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: metadata(settings), data: settings.files };
}

/** Pods that write to one claim may be on several nodes. */
function claim(settings: DeploySettings, name: string, isShared = false): object {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: metadata(settings, name),
    spec: {
      accessModes: [isShared ? "ReadWriteMany" : "ReadWriteOnce"],
      resources: { requests: { storage: "10Gi" } },
    },
  };
}

function deployment(settings: DeploySettings): object {
  const { name, file, keepsFiles, shared } = settings;
  const labels = selector(settings, "live");
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadata(settings),
    spec: {
      selector: { matchLabels: labels },
      // A disk has one writer, a rate without a store one user: the old pod goes before the new one comes. Messages wait
      // in Pub/Sub meanwhile.
      strategy:
        keepsFiles || !shared
          ? { type: "Recreate" }
          : { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: {
          labels,
          annotations: { "prometheus.io/scrape": "true", "prometheus.io/port": String(METRICS_PORT) },
        },
        spec: podSpec(settings, {
          args: [
            "run",
            `${CONFIGURATION}/${file}`,
            `--state=${WRITABLE}/state`,
            `--metrics=0.0.0.0:${METRICS_PORT}`,
          ],
          claim: keepsFiles ? name : undefined,
          restartPolicy: "Always",
          isLive: true,
        }),
      },
    },
  };
}

function autoscaler(settings: DeploySettings): object {
  const { name, maxReplicas } = settings;
  const averageUtilization = CPU_TARGET_PERCENT;
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: metadata(settings),
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
      minReplicas: 1,
      maxReplicas,
      metrics: [
        { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization } } },
      ],
      behavior: { scaleDown: { stabilizationWindowSeconds: SHRINK_AFTER_SECONDS } },
    },
  };
}

function disruptionBudget(settings: DeploySettings): object {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: metadata(settings),
    spec: { maxUnavailable: 1, selector: { matchLabels: selector(settings, "live") } },
  };
}

/** In: the monitoring. Out: names, TLS, the store of the rates, and the metadata server that gives Google credentials. */
function networkPolicy(settings: DeploySettings): object {
  const { name, shared } = settings;
  const tcp = (port: number) => ({ protocol: "TCP", port });
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: metadata(settings),
    spec: {
      podSelector: {
        matchLabels: { "app.kubernetes.io/name": "sluice", "app.kubernetes.io/instance": name },
      },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        {
          from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } } }],
          ports: [tcp(METRICS_PORT)],
        },
      ],
      egress: [
        { ports: [{ protocol: "UDP", port: 53 }, tcp(53)] },
        { ports: [tcp(443)] },
        ...(shared ? [{ ports: [tcp(shared.store.port)] }] : []),
        {
          to: [{ ipBlock: { cidr: "169.254.169.254/32" } }, { ipBlock: { cidr: "169.254.169.252/32" } }],
          ports: [tcp(80), tcp(988)],
        },
      ],
    },
  };
}

/** Each pod finds its part of the files by its index; all share the folder of the state. */
function backfillJob(settings: DeploySettings): object {
  const { name, file, shards } = settings;
  const own = `${name}-backfill`;
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: metadata(settings, own),
    spec: {
      suspend: true,
      completionMode: "Indexed",
      completions: shards,
      parallelism: shards,
      backoffLimit: 20 * shards,
      podFailurePolicy: {
        rules: [
          // A definition that is wrong stays wrong; work given back is no failure of the pod.
          { action: "FailJob", onExitCodes: { containerName: "sluice", operator: "In", values: [2] } },
          { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
        ],
      },
      template: {
        metadata: { labels: selector(settings, "backfill") },
        spec: podSpec(settings, {
          args: [
            "backfill",
            `${CONFIGURATION}/${file}`,
            "--from=/archive",
            `--state=${WRITABLE}/backfill`,
            `--metrics=0.0.0.0:${METRICS_PORT}`,
          ],
          claim: own,
          restartPolicy: "Never",
          isLive: false,
          // Kubernetes gives JOB_COMPLETION_INDEX, and not of how many.
          env: [{ name: "SLUICE_SHARDS", value: String(shards) }],
          mounts: [{ name: "archive", mountPath: "/archive", readOnly: true }],
          volumes: [
            { name: "archive", persistentVolumeClaim: { claimName: `${name}-archive`, readOnly: true } },
          ],
        }),
      },
    },
  };
}
