// One fault from the calm before it to the calm after it.

import { setTimeout as sleep } from "node:timers/promises";

import type { Fault } from "./faults.ts";
import type { Ground } from "./ground.ts";

const POLL_MS = 100;
/** Longer than a lease: what was in the hands of a process that died comes again that late, and tells of itself then. */
const CALM_MS = 15_000;

/** Of one alert of one fault, in seconds: from the fault to firing, from mending to being over; undefined: that did not happen. */
export interface AlertPlayed {
  readonly alert: string;
  readonly firedAfter: number | undefined;
  readonly clearedAfter: number | undefined;
}

export interface FaultPlayed {
  readonly what: string;
  readonly alerts: readonly AlertPlayed[];
  /** Others that fired meanwhile. */
  readonly others: readonly string[];
}

export interface Patience {
  readonly fireMs: number;
  readonly clearMs: number;
}

export async function play(ground: Ground, fault: Fault, patience: Patience): Promise<FaultPlayed> {
  const { prometheus } = ground.parts;
  const over = new AbortController();
  const startedAt = performance.now();
  const lasting = fault.last(ground, over.signal);
  const fired = () => prometheus.haveFired(fault.alerts, startedAt);
  try {
    await Promise.race([failureOf(lasting), until(patience.fireMs, fired)]);
  } finally {
    over.abort();
    await lasting;
  }
  const mendedAt = performance.now();
  await until(patience.clearMs, () => prometheus.calmMs > CALM_MS);
  const times = prometheus.history.filter(({ firedAtMs }) => firedAtMs >= startedAt);
  const seconds = (ms: number | undefined) =>
    ms === undefined ? undefined : Math.max(0, Math.round(ms / 100) / 10);
  const alerts = fault.alerts.map((alert) => {
    const own = times.filter((time) => time.alert === alert);
    const [first, last] = [own[0]?.firedAtMs, own.at(-1)?.clearedAtMs];
    return {
      alert,
      firedAfter: seconds(first && first - startedAt),
      clearedAfter: seconds(last && last - mendedAt),
    };
  });
  const others = new Set(times.map(({ alert }) => alert).filter((alert) => !fault.alerts.includes(alert)));
  return { what: fault.what, alerts, others: [...others] };
}

/** Never resolves. */
async function failureOf(work: Promise<void>): Promise<never> {
  await work;
  return new Promise(() => {});
}

async function until(withinMs: number, test: () => boolean): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!test() && performance.now() < deadline) await sleep(POLL_MS);
}
