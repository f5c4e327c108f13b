// The pod that runs Sluice: not root, nothing writable but one volume, no rights, no way to gain any.

import { CONFIGURATION, type DeploySettings, METRICS_PORT, SECRET_FILES, WRITABLE } from "./settings.ts";

/** The user of the image (deploy/Containerfile). */
const USER = 65_532;

export interface PodWish {
  readonly args: readonly string[];
  /** The name of a claim; undefined: a folder that goes with the pod. */
  readonly claim: string | undefined;
  readonly restartPolicy: "Always" | "Never";
  readonly isLive: boolean;
  readonly env?: readonly object[];
  readonly mounts?: readonly object[];
  readonly volumes?: readonly object[];
}

export function podSpec(settings: DeploySettings, wish: PodWish): object {
  const { name, stopSeconds, hasSecretFiles } = settings;
  const secretFiles = { name: "secret-files", secret: { secretName: `${name}-files`, defaultMode: 0o440 } };
  return {
    serviceAccountName: name,
    automountServiceAccountToken: false,
    restartPolicy: wish.restartPolicy,
    terminationGracePeriodSeconds: stopSeconds,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      fsGroup: USER,
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [container(settings, wish)],
    volumes: [
      { name: "pipelines", configMap: { name } },
      wish.claim === undefined
        ? { name: "state", emptyDir: { sizeLimit: "1Gi" } }
        : { name: "state", persistentVolumeClaim: { claimName: wish.claim } },
      ...(hasSecretFiles ? [secretFiles] : []),
      ...(wish.volumes ?? []),
    ],
  };
}

function container(settings: DeploySettings, { args, isLive, env = [], mounts = [] }: PodWish): object {
  const { name, image, variables, hasSecretFiles } = settings;
  const probe = (path: string) => ({ httpGet: { path, port: "metrics" } });
  return {
    name: "sluice",
    image,
    args,
    env: [
      ...env,
      ...variables.map((variable) =>
        variable.value === undefined
          ? {
              name: variable.name,
              valueFrom: { secretKeyRef: { name: `${name}-secrets`, key: variable.name } },
            }
          : { name: variable.name, value: variable.value },
      ),
    ],
    ports: [{ name: "metrics", containerPort: METRICS_PORT }],
    ...(isLive
      ? {
          startupProbe: { ...probe("/startupz"), periodSeconds: 2, failureThreshold: 60 },
          livenessProbe: { ...probe("/livez"), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
          readinessProbe: { ...probe("/readyz"), periodSeconds: 5, timeoutSeconds: 5 },
        }
      : {}),
    resources: { requests: { cpu: "500m", memory: "256Mi" }, limits: { memory: "512Mi" } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: [
      { name: "pipelines", mountPath: CONFIGURATION, readOnly: true },
      { name: "state", mountPath: WRITABLE },
      ...(hasSecretFiles
        ? [{ name: "secret-files", mountPath: SECRET_FILES.slice(0, -1), readOnly: true }]
        : []),
      ...mounts,
    ],
  };
}
