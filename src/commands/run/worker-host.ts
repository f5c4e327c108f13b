// A worker's side of the channel to its supervisor. That one stops it, keeps the rates and shows the metrics of all.
//
// Signals only ask for a stop, however many come: a service manager sends them to every process, and what is to be done
// at once the supervisor does. With the supervisor gone, the worker drains and ends.

import { systemClock } from "../../engine/clock.ts";
import { partOf } from "../../rates/part-of-rate.ts";
import { shareByStore } from "../../rates/rate-sharing.ts";
import { productVersion } from "../../sinks/segment/product-version.ts";
import type { OwnMetricsPage } from "../../telemetry/prometheus-page.ts";
import type { FromWorker, Look, ToWorker } from "../../workers/messages.ts";
import { ParentStore } from "../../workers/parent-store.ts";
import { UsageError } from "../exit-code.ts";
import { healthOf, type OperatorPort, type OperatorPortParts } from "../operator-port.ts";
import { rateSettings, sharingByRedis } from "../rate-options.ts";
import type { RunOptions } from "../run.ts";
import type { Host } from "./host.ts";

/** `2/3`: the second of three. Set by the supervisor only. */
export const WORKER_VARIABLE = "SLUICE_WORKER";

/** Throws UsageError when nobody is at the other end. */
export function workerHost(place: string, options: RunOptions, env: NodeJS.ProcessEnv = process.env): Host {
  const [number = 0, workers = 0] = place.split("/").map(Number);
  if (!process.connected || !(number >= 1 && workers >= number))
    throw new UsageError(`${WORKER_VARIABLE} is set by sluice run --workers, for its own processes only`);
  const link = new Link();
  return {
    worker: number,
    onStop: (stop) => link.onStop(stop),
    rates: async (log) => {
      const { url, replicas, share = 1 } = rateSettings(options, env);
      if (url !== undefined)
        return sharingByRedis(url, env, { log, priority: "live", replicas: replicas * workers });
      const { store } = link;
      return shareByStore({
        store: {
          ask: (ask) => store.ask({ ...ask, rates: partOf(ask.rates, share) }),
          close: () => store.close(),
        },
        priority: "live",
        replicas: workers / share,
      });
    },
    watch: (parts) => link.watch(parts),
    running: () => link.send({ kind: "running" }),
  };
}

class Link {
  readonly store = new ParentStore((message) => this.send(message), systemClock);
  /** Why a stop is asked for, before and after there is somebody to stop. */
  private reason: string | undefined;
  private stop: ((reason: string) => void) | undefined;
  private look: ((metrics: boolean) => Promise<Look>) | undefined;

  constructor() {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => this.askToStop(signal));
    process.on("message", (message: ToWorker) => this.told(message));
    process.on("disconnect", () => {
      this.store.lost();
      this.askToStop("the supervisor is gone");
    });
    // The channel alone keeps no process running.
    process.channel?.unref();
  }

  /** What cannot be sent is lost with the supervisor, which is noticed elsewhere. */
  send(message: FromWorker, sent: () => void = () => {}): void {
    if (process.connected) process.send?.(message, undefined, undefined, sent);
    else sent();
  }

  onStop(stop: (reason: string) => void): () => void {
    this.stop = stop;
    const { reason } = this;
    if (reason !== undefined) queueMicrotask(() => stop(reason));
    return () => {
      this.stop = undefined;
    };
  }

  async watch(parts: OperatorPortParts): Promise<OperatorPort> {
    const health = await healthOf(parts);
    const page = parts.options.metrics === undefined ? undefined : await pageOf(parts);
    this.look = async (metrics) => ({
      health: { startup: health.startup(), live: health.live(), ready: await health.ready() },
      metrics: metrics ? await page?.json() : undefined,
    });
    return {
      close: async () => {
        this.look = undefined;
        health.stop();
        const metrics = await page?.json();
        if (metrics) await new Promise<void>((resolve) => this.send({ kind: "last", metrics }, resolve));
        page?.close();
      },
    };
  }

  private told(message: ToWorker): void {
    if (message.kind === "stop") this.askToStop("the supervisor");
    else if (message.kind === "answer") this.store.answered(message.id, message.answer);
    else void this.answerLook(message.id, message.metrics);
  }

  /** Before there is anything to see, the supervisor knows as much as we do. */
  private async answerLook(id: number, metrics: boolean): Promise<void> {
    const look = await this.look?.(metrics);
    this.send({ kind: "looked", id, look });
  }

  private askToStop(reason: string): void {
    if (this.reason !== undefined) return;
    this.reason = reason;
    this.stop?.(reason);
  }
}

async function pageOf({ pipelines }: OperatorPortParts): Promise<OwnMetricsPage> {
  const { prometheusPage } = await import("../../telemetry/prometheus-page.ts");
  return prometheusPage({ version: productVersion(), pipelines, withProcess: true });
}
