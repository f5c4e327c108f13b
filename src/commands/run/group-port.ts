// What the supervisor of several workers knows of them, kept up to date for as long as they run, and the one port that
// shows it.

import { systemClock } from "../../engine/clock.ts";
import type { Logger } from "../../engine/contracts.ts";
import { supervisorTable } from "../../engine/metrics.ts";
import { productVersion } from "../../sinks/segment/product-version.ts";
import type { MetricJson } from "../../telemetry/prometheus-page.ts";
import { GroupHealth } from "../../workers/group-health.ts";
import { Looks } from "../../workers/looks.ts";
import type { FromWorker } from "../../workers/messages.ts";
import type { SummedMetrics } from "../../workers/summed-metrics.ts";
import type { Supervisor } from "../../workers/supervisor.ts";
import type { SlotState, WorkerSlot } from "../../workers/worker-slot.ts";
import type { Address } from "../address.ts";
import { serveOperators, type ServedView } from "../operator-port.ts";

/** Also how much of a worker's counts is lost at most when it is killed. */
const LOOK_MS = 5_000;
const states: readonly SlotState[] = ["starting", "running", "waiting", "ended"];

export interface GroupPort {
  said(slot: WorkerSlot, message: FromWorker): void;
  ended(slot: WorkerSlot): void;
  close(): Promise<void>;
}

export interface GroupPortParts {
  readonly supervisor: Supervisor;
  /** Undefined: the workers are looked after all the same, and nobody is shown it. */
  readonly address: Address | undefined;
  readonly log: Logger;
}

/** Throws RunError when it cannot listen. */
export async function openGroupPort({ supervisor, address, log }: GroupPortParts): Promise<GroupPort> {
  const { slots } = supervisor;
  const looks = new Looks(systemClock, address !== undefined);
  const look = () => looks.at(slots);
  const sums = address && (await sumsOf());
  let cancel = () => {};
  const beat = () => {
    cancel = systemClock.after(LOOK_MS, () => {
      for (const slot of slots) slot.expectAnswer();
      void look();
      beat();
    });
  };
  beat();
  const health = new GroupHealth(supervisor, look);
  const page = sums && (await groupPage(sums, supervisor, look));
  const served = page && address && (await serveOperators(address, { page, health, close: page.close }, log));
  return {
    said(slot, message) {
      if (message.kind === "last") sums?.take(slot.number, message.metrics);
      if (message.kind !== "looked") return;
      if (message.look?.metrics) sums?.take(slot.number, message.look.metrics);
      looks.answered(slot, message.id);
    },
    ended(slot) {
      sums?.end(slot.number);
      looks.answered(slot);
    },
    async close() {
      cancel();
      await served?.close();
    },
  };
}

async function sumsOf(): Promise<SummedMetrics> {
  const { SummedMetrics } = await import("../../workers/summed-metrics.ts");
  return new SummedMetrics();
}

async function groupPage(
  sums: SummedMetrics,
  supervisor: Supervisor,
  look: () => Promise<void>,
): Promise<ServedView["page"] & Pick<ServedView, "close">> {
  const { prometheusPage, PREFIX } = await import("../../telemetry/prometheus-page.ts");
  const own = prometheusPage({ version: productVersion(), pipelines: () => [], withProcess: true });
  return {
    contentType: own.contentType,
    text: async () => {
      await look();
      return sums.text([...ofWorkers(supervisor, PREFIX), ...(await own.json())]);
    },
    close: async () => own.close(),
  };
}

function ofWorkers(supervisor: Supervisor, prefix: string): MetricJson[] {
  const metric = (name: keyof typeof supervisorTable, values: MetricJson["values"]): MetricJson => {
    const { help, type } = supervisorTable[name];
    return { name: prefix + name, help, type, values, aggregator: "sum" };
  };
  return [
    metric(
      "workers",
      states.map((state) => ({ value: supervisor.count(state), labels: { state } })),
    ),
    metric(
      "worker_restarts_total",
      supervisor.slots.map(({ number, restarts }) => ({
        value: restarts,
        labels: { worker: String(number) },
      })),
    ),
  ];
}
