import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { spawnSync } from "node:child_process";

import { Deployment } from "kubernetes-models/apps/v1/Deployment";
import { HorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler";
import { Job } from "kubernetes-models/batch/v1/Job";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import { ConfigMap } from "kubernetes-models/v1/ConfigMap";
import { PersistentVolumeClaim } from "kubernetes-models/v1/PersistentVolumeClaim";
import { ServiceAccount } from "kubernetes-models/v1/ServiceAccount";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";

import { shardOf } from "../../../src/commands/backfill/shard-of.ts";
import type { DeployTarget } from "../../../src/commands/deploy.ts";
import { deployText } from "../../../src/commands/deploy/deploy.ts";
import { exampleFiles } from "../../../src/commands/deploy/examples.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const models: Record<string, new (data: never) => { validate(): void }> = {
  ConfigMap,
  Deployment,
  HorizontalPodAutoscaler,
  Job,
  NetworkPolicy,
  PersistentVolumeClaim,
  PodDisruptionBudget,
  ServiceAccount,
};

// biome-ignore lint/suspicious/noExplicitAny: documents of many kinds, looked into freely.
type Document = any;

const documentsOf = (text: string): Document[] => parseAllDocuments(text).map((document) => document.toJS());

function ofKind(text: string, kind: string): Document {
  return documentsOf(text).find((document) => document.kind === kind);
}

/** A pipeline of one's own, with its files, as somebody would write it. */
async function aPipeline(deadLetters: string, eventsPerSecond = 900, writeKey = "$" + "{MY_WRITE_KEY}") {
  const folder = await tempFolder();
  await writeFile(
    join(folder, "destinations.yaml"),
    `destinations:
  - { id: one, environment: e, config: { writeKey: "${writeKey}", eventsPerSecond: ${eventsPerSecond} } }
  - { id: two, environment: e, config: { writeKey: "${writeKey}", eventsPerSecond: 100 } }
  - { id: off, on: false, environment: e, config: { writeKey: "${writeKey}", eventsPerSecond: 5000 } }
`,
  );
  await writeFile(join(folder, "enablement.yaml"), "environments: []\n");
  const pipeline = join(folder, "mine.yaml");
  await writeFile(
    pipeline,
    `name: mine
source: { type: pubsub, subscription: projects/p/subscriptions/s }
transforms: [{ type: json-decode }, { type: filter-enabled }, { type: segment-event }]
sink: { type: segment }
deadLetters: ${deadLetters}
drainMs: 12000
`,
  );
  return pipeline;
}

const TOPIC = "{ type: pubsub, topic: projects/p/topics/dead }";
const FILES = `{ type: file, path: "$` + `{SLUICE_DEAD_LETTERS:-x/}" }`;
const STORE = "redis://redis.cache:6390";
const SECRET = "canary-write-key-0123456789";

async function written(
  target: DeployTarget,
  pipeline: string,
  replicaRate = 5_000,
  rateStore?: string,
  shards = 1,
) {
  const env = { MY_WRITE_KEY: SECRET };
  const wish = { target, pipeline, image: "registry/sluice:9", replicaRate, rateStore, shards };
  const text = await deployText(wish, env);
  expect(text).not.toContain(SECRET);
  return text!;
}

describe("what comes in deploy/", () => {
  it("is what the command writes (make docs remakes it)", async () => {
    for (const [path, content] of await exampleFiles())
      expect(readFileSync(path, "utf8") === content, `${path} is stale; run: make docs`).toBe(true);
  });
});

describe("sluice deploy k8s", () => {
  it.each([
    ["dead letters in a topic", TOPIC],
    ["dead letters in files", FILES],
  ])("writes objects that Kubernetes' own schemas take: %s", async (_, deadLetters) => {
    const documents = documentsOf(await written("k8s", await aPipeline(deadLetters)));
    expect(documents.length).toBeGreaterThanOrEqual(8);
    for (const document of documents) {
      const Model = models[document.kind]!;
      expect(() => new Model(document as never).validate(), document.kind).not.toThrow();
    }
    const broken = structuredClone(ofKind(await written("k8s", await aPipeline(TOPIC)), "Deployment"));
    broken.spec.template.spec.containers[0].ports[0].containerPort = "metrics";
    expect(() => new Deployment(broken).validate()).toThrow();
  });

  it.each([
    [900, 5_000, 1],
    [900, 100, 10],
    [9_901, 5_000, 3],
  ])(
    "lets there be so many replicas that together they reach the limit: %i and 100 by %i",
    async (rate, one, most) => {
      const text = await written("k8s", await aPipeline(TOPIC, rate), one, STORE);
      expect(ofKind(text, "HorizontalPodAutoscaler").spec).toMatchObject({
        minReplicas: 1,
        maxReplicas: most,
      });
    },
  );

  it("runs as nobody, writes nowhere but the volume, and may do nothing", async () => {
    const text = await written("k8s", await aPipeline(TOPIC));
    for (const kind of ["Deployment", "Job"]) {
      const { spec } = ofKind(text, kind).spec.template;
      expect(spec).toMatchObject({
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 22,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      });
      const [container] = spec.containers;
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      const writable = container.volumeMounts.filter((mount: Document) => !mount.readOnly);
      expect(writable).toEqual([{ name: "state", mountPath: "/var/lib/sluice" }]);
      const secret = { name: "mine-secrets", key: "MY_WRITE_KEY" };
      expect(container.env).toContainEqual({ name: "MY_WRITE_KEY", valueFrom: { secretKeyRef: secret } });
    }
    expect(ofKind(text, "Job").spec).toMatchObject({ completionMode: "Indexed", suspend: true });
  });

  it("asks the three questions of health, of the port it serves them on", async () => {
    const { spec } = ofKind(await written("k8s", await aPipeline(TOPIC)), "Deployment").spec.template;
    const [container] = spec.containers;
    expect(container.startupProbe.httpGet.path).toBe("/startupz");
    expect(container.livenessProbe.httpGet.path).toBe("/livez");
    expect(container.readinessProbe.httpGet.path).toBe("/readyz");
    expect(container.args).toContain("--metrics=0.0.0.0:9464");
    expect(container.ports).toEqual([{ name: "metrics", containerPort: 9464 }]);
  });

  it("gives a pipeline that keeps files one writer and a disk that lasts", async () => {
    const text = await written("k8s", await aPipeline(FILES));
    const { spec } = ofKind(text, "Deployment");
    expect(spec.strategy).toEqual({ type: "Recreate" });
    expect(spec.template.spec.volumes).toContainEqual({
      name: "state",
      persistentVolumeClaim: { claimName: "mine" },
    });
    const [container] = spec.template.spec.containers;
    expect(container.env).toContainEqual({
      name: "SLUICE_DEAD_LETTERS",
      value: "/var/lib/sluice/dead-letters/",
    });
    await expect(written("k8s", await aPipeline(FILES), 100)).rejects.toThrow(
      "10 replicas cannot share a disk",
    );
  });
});

describe("what cannot run where it is to run", () => {
  it.each([
    ["cloudrun", FILES, "Cloud Run has no disk that lasts"],
    ["systemd", "{ type: file, path: ../dead/ }", "only /var/lib/sluice can be written"],
  ] as const)("is refused: %s with %s", async (target, deadLetters, message) => {
    await expect(written(target, await aPipeline(deadLetters))).rejects.toThrow(message);
  });

  it("is refused when a secret file is elsewhere", async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, "key"), SECRET);
    const pipeline = await aPipeline(TOPIC, 900, `$\{file:${join(folder, "key")}}`);
    await expect(written("k8s", pipeline)).rejects.toThrow("secrets are mounted at /run/secrets/");
  });
});

describe("sluice deploy cloudrun", () => {
  it("writes a service that is never idle, with the same limits", async () => {
    const service = ofKind(await written("cloudrun", await aPipeline(TOPIC, 9_901), 5_000, STORE), "Service");
    expect(service.spec.template.metadata.annotations).toMatchObject({
      "autoscaling.knative.dev/minScale": "1",
      "autoscaling.knative.dev/maxScale": "3",
      "run.googleapis.com/cpu-throttling": "false",
    });
    const [container] = service.spec.template.spec.containers;
    expect(container).toMatchObject({
      livenessProbe: { httpGet: { path: "/livez", port: 8080 } },
      startupProbe: { httpGet: { path: "/startupz", port: 8080 } },
    });
    expect(container.args).toContain("--metrics=0.0.0.0:8080");
  });
});

describe("sluice deploy cloudrun-job", () => {
  it("writes a job whose tasks share out the files, one state folder and the rate", async () => {
    const text = await written("cloudrun-job", await aPipeline(TOPIC), 5_000, STORE, 8);
    const job = ofKind(text, "Job");
    expect(job.spec.template.spec).toMatchObject({ taskCount: 8, parallelism: 8 });
    const { containers, volumes, maxRetries } = job.spec.template.spec.template.spec;
    expect(maxRetries).toBe(10);
    expect(volumes).toEqual([{ name: "state", nfs: { server: "NFS_SERVER", path: "/sluice" } }]);
    const [container] = containers;
    expect(container.args).toEqual([
      "backfill",
      "/etc/sluice/pipelines/mine.yaml",
      "--from=gs://BUCKET/PATH",
      "--state=/var/lib/sluice/backfill",
    ]);
    expect(container.env).toContainEqual({ name: "SLUICE_REPLICAS", value: "10" }); // One, another revision, eight.
    expect(container.env).toContainEqual({
      name: "MY_WRITE_KEY",
      valueFrom: { secretKeyRef: { name: "mine-my-write-key", key: "latest" } },
    });
    // Each task knows its part by what Cloud Run tells it, and by nothing else.
    const names = container.env.map(({ name }: { name: string }) => name);
    expect(names.filter((name: string) => /SHARD/.test(name))).toEqual([]);
    const task = { CLOUD_RUN_TASK_INDEX: "3", CLOUD_RUN_TASK_COUNT: "8" };
    expect(shardOf({ shard: undefined, shards: undefined }, task)).toEqual({ index: 3, of: 8 });
  });

  it("is refused where dead letters would be files on a disk that does not last", async () => {
    await expect(written("cloudrun-job", await aPipeline(FILES))).rejects.toThrow("no disk that lasts");
  });
});

describe("a backfill in shards under Kubernetes", () => {
  it("is told how many there are, counts in the rate, and writes to a claim for several nodes", async () => {
    const text = await written("k8s", await aPipeline(TOPIC), 5_000, STORE, 8);
    const job = ofKind(text, "Job");
    expect(job.spec).toMatchObject({ completionMode: "Indexed", completions: 8, parallelism: 8 });
    const { env } = job.spec.template.spec.containers[0];
    expect(env).toContainEqual({ name: "SLUICE_SHARDS", value: "8" });
    expect(env).toContainEqual({ name: "SLUICE_REPLICAS", value: "10" }); // One, one of a roll-out, eight.
    expect(ofKind(text, "PersistentVolumeClaim").spec.accessModes).toEqual(["ReadWriteMany"]);
    for (const document of documentsOf(text))
      expect(() => new models[document.kind]!(document as never).validate(), document.kind).not.toThrow();
  });

  it("of one pod is told so too, and refuses what is no number", async () => {
    const job = ofKind(await written("k8s", await aPipeline(TOPIC)), "Job");
    expect(job.spec).toMatchObject({ completions: 1 });
    expect(job.spec.template.spec.containers[0].env).toContainEqual({ name: "SLUICE_SHARDS", value: "1" });
    await expect(written("k8s", await aPipeline(TOPIC), 5_000, STORE, 0.5)).rejects.toThrow(/--shards takes/);
  });
});

describe("several replicas", () => {
  const environmentOf = (document: Document) =>
    (document.spec.template.spec.containers[0].env as { name: string }[]).filter(({ name }) =>
      name.startsWith("SLUICE_R"),
    );

  it("keep one rate under Kubernetes: all that may run at once are counted, the store is reached, its URL is a secret", async () => {
    const text = await written("k8s", await aPipeline(TOPIC, 9_901), 5_000, STORE);
    const environment = [
      {
        name: "SLUICE_RATE_STORE",
        valueFrom: { secretKeyRef: { name: "mine-secrets", key: "SLUICE_RATE_STORE" } },
      },
      { name: "SLUICE_REPLICAS", value: "5" }, // Three, one of a roll-out, one of the backfill.
    ];
    for (const kind of ["Deployment", "Job"]) expect(environmentOf(ofKind(text, kind))).toEqual(environment);
    expect(ofKind(text, "Deployment").spec.strategy.rollingUpdate).toEqual({
      maxUnavailable: 0,
      maxSurge: 1,
    });
    expect(ofKind(text, "NetworkPolicy").spec.egress).toContainEqual({
      ports: [{ protocol: "TCP", port: 6390 }],
    });
    for (const document of documentsOf(text))
      expect(() => new models[document.kind]!(document as never).validate(), document.kind).not.toThrow();
  });

  it("keep one rate on Cloud Run, where revisions overlap", async () => {
    const service = ofKind(await written("cloudrun", await aPipeline(TOPIC, 9_901), 5_000, STORE), "Service");
    expect(environmentOf(service)).toMatchObject([
      { valueFrom: { secretKeyRef: { name: "mine-sluice-rate-store", key: "latest" } } },
      { value: "7" }, // Three, three of another revision, one of the backfill.
    ]);
  });

  it("are refused without a store, and so is a password in what is written", async () => {
    const pipeline = await aPipeline(TOPIC, 9_901);
    for (const target of ["k8s", "cloudrun"] as const)
      await expect(written(target, pipeline)).rejects.toThrow("3 replicas would each use the whole rate");
    for (const [store, message] of [
      ["redis://:secret@redis.cache", "takes no password here"],
      ["http://redis.cache", "takes redis://host:port"],
      ["redis.cache:6379", "takes redis://host:port"],
    ] as const)
      await expect(written("k8s", pipeline, 5_000, store)).rejects.toThrow(message);
    await expect(written("systemd", await aPipeline(FILES), 5_000, STORE)).rejects.toThrow("one process");
  });

  it("are never two by a roll-out when there is no store", async () => {
    const text = await written("k8s", await aPipeline(TOPIC));
    expect(ofKind(text, "Deployment").spec.strategy).toEqual({ type: "Recreate" });
    expect(environmentOf(ofKind(text, "Deployment"))).toEqual([]);
    expect(text).toContain("Scale the deployment to 0 while the backfill");
  });
});

describe("sluice deploy systemd", () => {
  it("writes a unit that systemd itself takes", async () => {
    const text = await written("systemd", await aPipeline(FILES));
    expect(text).toContain("TimeoutStopSec=22\n");
    expect(text).toContain("MY_WRITE_KEY=…");
    const unit = join(await tempFolder(), "mine.service");
    await writeFile(unit, text);
    const verify = (path: string) => spawnSync("systemd-analyze", ["verify", path], { encoding: "utf8" });
    const { error, status, stderr } = verify(unit);
    if (error) {
      // Not there outside of Linux: the settings are then looked at below only.
      process.stderr.write("systemd-analyze is not installed: the unit was NOT verified by systemd\n");
    } else {
      expect(stderr.split("\n").filter((line) => line.includes("mine.service"))).toEqual([]);
      expect(status).toBe(0);
      await writeFile(unit, text.replace("ProtectSystem=strict", "ProtectSystem=strictly"));
      expect(verify(unit).stderr).toContain("Failed to parse");
    }
    for (const line of [
      "DynamicUser=yes",
      "ProtectSystem=strict",
      "NoNewPrivileges=yes",
      "StateDirectory=sluice",
    ])
      expect(text).toContain(`\n${line}\n`);
  });
});
